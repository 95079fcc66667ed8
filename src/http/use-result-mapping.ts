import type { ServerResponse } from 'node:http';
import { type ExecutionResult, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../graphql/context.ts';
import { isShared } from '../graphql/event-fan-out.ts';
import { liveConnectionsPerKey } from '../graphql/limits.ts';
import type { DoorContext } from './graphql-endpoint.ts';
import type { KeyWatch } from './key-watch.ts';
import type { Metrics } from './metrics.ts';
import { type ResultMapper, withinMessage, withoutStatus } from './result-mapping.ts';
import { slowConsumerStallMs, watchReader } from './slow-consumers.ts';
import { withEventId } from './use-event-ids.ts';

export interface ResultMappingOptions {
  mapResult: ResultMapper;
  keyWatch: KeyWatch;
  metrics: Pick<Metrics, 'slowConsumerCutOff'>;
  slowConsumerMs?: number;
}

/** Maps the errors of every result over HTTP, and ends a stream whose key has ended or whose reader takes nothing. */
export function useResultMapping(options: ResultMappingOptions): Plugin<Context> {
  const { mapResult, keyWatch } = options;
  const mapStreamed = withoutStatus(mapResult);
  const toMessage = (one: ExecutionResult, requestId: string) =>
    isShared(one) ? one : withinMessage(mapStreamed(one, requestId));
  return {
    async onExecutionResult({ result, setResult, context }) {
      const {
        key,
        viewer,
        requestId,
        progress,
        res: response,
      } = context as unknown as DoorContext & Pick<Context, 'progress'> & { res?: ServerResponse };
      if (result === undefined || Array.isArray(result)) return;
      if (!isStream(result)) return setResult(mapResult(result as ExecutionResult, requestId));
      if (keyWatch.count(key) >= liveConnectionsPerKey) {
        await result[Symbol.asyncIterator]().return?.();
        return setResult(mapResult({ errors: [tooMany] }, requestId));
      }
      setResult(
        mapStream(result, (one) => withEventId(toMessage(one, requestId), progress), {
          ...options,
          beginsBehind: progress.position,
          key,
          expiresAt: viewer.expiresAt,
          response,
        }),
      );
    },
    onResponse({ response }) {
      // yoga's own is no-cache, by which a cache may keep what it asks about again.
      if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
        response.headers.set('cache-control', 'no-store');
      }
    },
  };
}

const tooMany = new GraphQLError(`A key has ${liveConnectionsPerKey} sockets and event streams open at most.`, {
  extensions: { code: 'TOO_MANY_CONNECTIONS', http: { status: 429, headers: { 'retry-after': '30' } } },
});

type Stream = AsyncIterable<ExecutionResult>;

function isStream(result: object): result is Stream {
  return Symbol.asyncIterator in result;
}

interface StreamEnds extends ResultMappingOptions {
  /** Of the event log; null for what does not come from it. */
  beginsBehind: bigint | null;
  key: string;
  expiresAt: Date | null;
  response: ServerResponse | undefined;
}

function mapStream(
  stream: Stream,
  map: (result: ExecutionResult) => ExecutionResult,
  {
    beginsBehind,
    key,
    expiresAt,
    keyWatch,
    response,
    metrics,
    slowConsumerMs: stallMs = slowConsumerStallMs,
  }: StreamEnds,
): AsyncIterableIterator<ExecutionResult> & { beginsBehind: bigint | null } {
  const iterator = stream[Symbol.asyncIterator]();
  const done: IteratorReturnResult<undefined> = { done: true, value: undefined };
  const leave = async () => {
    stopWatching();
    readerLeft?.();
    await iterator.return?.();
    return done;
  };
  // Without the message that says that all is said: whoever reads on is to connect again.
  const stopWatching = keyWatch.watch(key, expiresAt, () => void (response ? response.end() : leave()));
  const readerLeft =
    response &&
    watchReader(response, {
      unread: () => response.writableLength,
      onStalled: () => {
        metrics.slowConsumerCutOff();
        response.destroy();
      },
      stallMs,
    });
  // yoga itself finds out only when it next writes.
  response?.once('close', () => void leave());
  return {
    beginsBehind,
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => {
      const next = await iterator.next();
      // Again with each event, since yoga turns it off when it begins to answer.
      response?.setTimeout(stallMs);
      if (!next.done) return { done: false, value: map(next.value) };
      stopWatching();
      readerLeft?.();
      return done;
    },
    return: leave,
  };
}
