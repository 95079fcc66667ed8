import { setTimeout as wait } from 'node:timers/promises';
import { type ExecutionResult, execute, GraphQLError, type GraphQLSchema } from 'graphql';
import { fewerRows, hasAccounts } from '../events/event-bounds.ts';
import type { EventFeed, Following } from '../events/event-feed.ts';
import type { EventRecord } from '../events/event-record.ts';
import { type Context, type ContextSource, createContext, type Viewer } from './context.ts';
import { mapError } from './error-mapping.ts';
import { createSubscriptionReader, type EventSubscription, type RequestedSubscription } from './event-subscription.ts';
import { changePage, differentSubscriptions } from './limits.ts';
import { isLongerThanMessage, tooLong } from './message-length.ts';
import { mayRead } from './root-access.ts';
import { createClaims } from './subscription-claims.ts';
import { toStreamError } from './subscription-stream.ts';

/** The result of one event, the same for all who share it; written as JSON once. */
export interface SharedResult extends ExecutionResult {
  /** The name is yoga's, which asks a result how it is written. */
  stringify(): string;
}

export interface EventFanOutDependencies {
  schema: GraphQLSchema;
  source: ContextSource;
  /** Logs what subscribers are not told, and makes of a result what they get. */
  mapResult: (result: ExecutionResult, requestId: string) => ExecutionResult;
  /** Between the tries of an execution that fails unexpectedly. @default [200, 1000] */
  retryPausesMs?: readonly number[];
  /** Runs an execution when it is the client's turn. @default at once */
  inTurn?: RunInTurn;
}

/** What comes out is written as JSON of `sizeOf` bytes. */
export type RunInTurn = <T>(clientId: string, work: () => Promise<T>, sizeOf: (result: T) => number) => Promise<T>;

/** What a subscriber reads from: results where they are pulled; nothing, but the end, where its context has a sink. */
export type SharedStream = AsyncGenerator<SharedResult, undefined>;

export interface EventFanOut {
  /** Null: not a subscription to events that could be shared; run it as any other. Errors: it is one too many. */
  subscribe(
    requested: RequestedSubscription,
    context: Context,
  ): SharedStream | { errors: readonly GraphQLError[] } | null;
}

/**
 * Subscriptions to events: an event's document is executed once for all of a client who sent the same document, variables and
 * filter, with the client's rights, whatever their keys and cursors are.
 */
export function createEventFanOut(dependencies: EventFanOutDependencies): EventFanOut {
  const { schema, source, mapResult, retryPausesMs = [200, 1_000] } = dependencies;
  const { inTurn = (_clientId, work) => work() } = dependencies;
  const claim = createClaims(differentSubscriptions);
  const read = createSubscriptionReader();
  const feeds = new Map<string, EventFeed<SharedResult>>();

  function findFeed(subscription: EventSubscription, { clientId, scopes }: Viewer): EventFeed<SharedResult> {
    const { document, variables, filter } = subscription;
    const key = keyOf(subscription, { clientId, scopes });
    const known = feeds.get(key);
    if (known) return known;
    // Nobody's own: whoever shares the results has this client and these scopes.
    const viewer: Viewer = { clientId, scopes, keyId: '', expiresAt: null };
    const feed = source.services.events.openFeed<SharedResult>({
      filter: { clientId, ...filter },
      toValue: (event) =>
        inTurn(
          clientId,
          () => executeForAll({ document, variables, viewer, event }),
          (result) => result.stringify().length,
        ),
      sizeOf: (result) => result.stringify().length,
      onEnd: () => {
        if (feeds.get(key) === feed) feeds.delete(key);
      },
    });
    feeds.set(key, feed);
    return feed;
  }

  // Again where it failed for no reason of the document's: subscribers would be told of an event that they then cannot read.
  async function executeForAll(execution: Execution): Promise<SharedResult> {
    let result = await executeSurely(execution);
    // With fewer rows of the event's lists, where they are what makes it too long.
    if (isTooLong(result) && hasAccounts(execution.event.data)) {
      for (const rowsPerList of fewerRows(changePage.maximumFirst / 2)) {
        result = await executeSurely({ ...execution, rowsPerList });
        if (!isTooLong(result)) break;
      }
    }
    return isTooLong(result) ? share({ errors: [tooLong()], data: null }) : result;
  }

  async function executeSurely(execution: Execution): Promise<SharedResult> {
    const requestId = execution.event.id;
    for (const pauseMs of retryPausesMs) {
      const result = await executeOnce(execution);
      if (!failedUnexpectedly(result, requestId)) return share(mapResult(result, requestId));
      await wait(pauseMs);
    }
    return share(mapResult(await executeOnce(execution), requestId));
  }

  async function executeOnce(execution: Execution): Promise<ExecutionResult> {
    const { document, variables, viewer, event, rowsPerList } = execution;
    // What the loaders have read is not seen by the next try.
    const contextValue = createContext(source, { viewer, requestId: event.id });
    if (rowsPerList !== undefined) contextValue.eventRows.perList = rowsPerList;
    try {
      return await execute({ schema, document, rootValue: event, contextValue, variableValues: variables });
    } catch (error) {
      return { errors: [toStreamError(error) as GraphQLError] };
    }
  }

  return {
    subscribe(requested, context) {
      const subscription = mayRead(context.viewer) ? read(requested) : null;
      if (!subscription) return null;
      const { sink, progress, viewer, beginning } = context;
      const { userId, bankLoginId } = subscription.filter;
      const leave = claim(
        JSON.stringify([viewer.clientId, bankLoginId ?? userId ?? null]),
        keyOf(subscription, viewer),
      );
      if (!leave) return { errors: [tooManyDifferent()] };
      // It lives as long as the subscription, and nothing is executed with it: what is, has a context of its own.
      Reflect.deleteProperty(context, 'loaders');
      const open = () => findFeed(subscription, viewer);
      const after = beginning.resumeAfter ?? subscription.after ?? beginning.head;
      progress.position = after;
      return sink ? push({ open, after, progress, sink, leave }) : pull({ open, after, progress, leave });
    },
  };
}

interface Execution {
  document: EventSubscription['document'];
  variables: Record<string, unknown>;
  viewer: Viewer;
  event: EventRecord;
  /** Of the lists in the event, at most. @default as many as are asked for */
  rowsPerList?: number;
}

function keyOf(
  { text, variables }: EventSubscription,
  { clientId, scopes }: Pick<Viewer, 'clientId' | 'scopes'>,
): string {
  return JSON.stringify([clientId, [...scopes].sort(), text, variables]);
}

function tooManyDifferent(): GraphQLError {
  const message = `A client has ${differentSubscriptions} different subscriptions to the same events at most. Send the same document and variables, or select by user or login.`;
  return new GraphQLError(message, { extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } });
}

function failedUnexpectedly({ errors = [] }: ExecutionResult, requestId: string): boolean {
  return errors.some((error) => mapError(error, requestId).unexpected !== null);
}

function isTooLong(result: SharedResult): boolean {
  return isLongerThanMessage(result.stringify());
}

function share(result: ExecutionResult): SharedResult {
  const text = JSON.stringify(result);
  return { ...result, stringify: () => text };
}

/** Whether a result has been mapped for all who get it. */
export function isShared(result: ExecutionResult): result is SharedResult {
  return 'stringify' in result;
}

interface Subscriber {
  open(): EventFeed<SharedResult>;
  after: bigint | null;
  progress: Context['progress'];
  /** When it has ended, in whatever way. */
  leave(): void;
}

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

// Hands over without anybody asking: a promise for each event and subscriber would cost more than sending it.
function push({
  open,
  after,
  progress,
  sink,
  leave,
}: Subscriber & { sink: NonNullable<Context['sink']> }): SharedStream {
  let following: Following | null = null;
  let finish: () => void = () => {};
  const begin = () =>
    new Promise<typeof done>((resolve, reject) => {
      finish = () => resolve(done);
      following = open().follow({
        after,
        take: (result, position, isMore) => {
          progress.position = position;
          return sink.send(result.stringify(), isMore);
        },
        onEnd: (error) => {
          leave();
          return error ? reject(toStreamError(error)) : resolve(done);
        },
      });
      sink.onReady = following.resume;
    });
  let ended: Promise<typeof done> | null = null;
  return toGenerator(
    () => (ended ??= begin()),
    () => {
      leave();
      following?.leave();
      finish();
      ended ??= Promise.resolve(done);
    },
  );
}

function pull({ open, after, progress, leave }: Subscriber): SharedStream {
  let following: Following | null = null;
  let taken: SharedResult | null = null;
  let end: { error: Error | null } | null = null;
  let wake: () => void = () => {};
  async function next(): Promise<IteratorResult<SharedResult, undefined>> {
    if (!following && !end) {
      following = open().follow({
        after,
        take: (result, position) => {
          progress.position = position;
          taken = result;
          wake();
          return false;
        },
        onEnd: (error) => {
          leave();
          end = { error };
          wake();
        },
      });
    } else if (!taken) {
      following?.resume();
    }
    if (!taken && !end) await new Promise<void>((resolve) => (wake = resolve));
    if (taken) {
      const value: SharedResult = taken;
      taken = null;
      return { done: false, value };
    }
    const error = (end as { error: Error | null } | null)?.error;
    end = { error: null };
    if (error) throw toStreamError(error);
    return done;
  }
  return toGenerator(next, () => {
    leave();
    following?.leave();
    taken = null;
    end = { error: null };
    wake();
  });
}

function toGenerator(next: SharedStream['next'], left: () => void): SharedStream {
  const stop = async () => {
    left();
    return done;
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next,
    return: stop,
    throw: stop,
    // Asked for by some versions of the language's library.
    [Symbol.asyncDispose]: async () => void (await stop()),
  } as SharedStream;
}
