import { type ExecutionResult, GraphQLError } from 'graphql';
import type { FetchAPI, Plugin } from 'graphql-yoga';
import { parseCursor, toCursor } from '../events/event-cursor.ts';
import type { Context, Progress } from '../graphql/context.ts';

const eventStream = 'text/event-stream';

/**
 * Server-sent events of a subscription carry their cursors as `id:`, and the stream begins with one, so that a client's library knows where it
 * stands before the first event; it says so in Last-Event-ID when it comes back (HTML Standard, Server-sent events). What it says
 * outranks `after`, which a library that connects again by itself sends as it was first.
 */
export function useEventIds(): Plugin<Context> {
  return {
    onSubscribe({ args, subscribeFn, setSubscribeFn }) {
      const context = args.contextValue as Context & { request?: Request };
      const { request } = context;
      if (!request?.headers.get('accept')?.includes(eventStream)) return;
      const lastEventId = request.headers.get('last-event-id');
      const resumeAfter = lastEventId ? parseCursor(lastEventId) : null;
      setSubscribeFn(async (given) => {
        if (lastEventId && resumeAfter === null) return { errors: [wrongId()] };
        context.beginning = { resumeAfter, head: await context.services.events.head(context.viewer.clientId) };
        return await subscribeFn(given);
      });
    },
  };
}

/** Says at the beginning of a stream of events where it begins. */
export function useStreamBeginnings(): Plugin<Context> {
  return {
    onResultProcess({ result, resultProcessor, setResultProcessor }) {
      if (!resultProcessor || !hasBeginning(result)) return;
      const beginning = `id: ${toCursor(result.beginsBehind)}\n\n`;
      setResultProcessor(
        async (given, fetchAPI, mediaType) =>
          beginWith(beginning, await resultProcessor(given, fetchAPI, mediaType), fetchAPI),
        eventStream,
      );
    },
  };
}

/** A stream of events that says where it begins. */
interface HasBeginning {
  beginsBehind: bigint;
}

function hasBeginning(result: object): result is HasBeginning {
  return 'beginsBehind' in result && typeof result.beginsBehind === 'bigint';
}

/** An event that has an id and no data: libraries note the id, and hand nothing over. */
function beginWith(text: string, response: Response, fetchAPI: FetchAPI): Response {
  const reader = response.body?.getReader();
  if (!reader) return response;
  const body = new fetchAPI.ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new fetchAPI.TextEncoder().encode(text)),
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new fetchAPI.Response(body, { status: response.status, headers: response.headers });
}

function wrongId(): GraphQLError {
  return new GraphQLError('Last-Event-ID is not a cursor of the event log.', {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}

/** A result with the line that says its cursor, which follows the line of its data. */
export function withEventId(result: ExecutionResult, { position }: Progress): ExecutionResult {
  if (position === null) return result;
  const { stringify = JSON.stringify } = result as { stringify?: (result: ExecutionResult) => string };
  const id = toCursor(position);
  return { ...result, stringify: (given: ExecutionResult) => `${stringify(given)}\nid: ${id}` } as ExecutionResult;
}
