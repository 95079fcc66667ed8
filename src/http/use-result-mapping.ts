import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../graphql/context.ts';
import type { DoorContext } from './graphql-endpoint.ts';
import type { KeyWatch } from './key-watch.ts';
import type { ResultMapper } from './result-mapping.ts';

/** Maps the errors of every result over HTTP, and ends a stream whose key has ended. */
export function useResultMapping(mapResult: ResultMapper, keyWatch: KeyWatch): Plugin<Context> {
  return {
    onExecutionResult({ result, setResult, context }) {
      const { key, requestId } = context as unknown as DoorContext;
      if (result === undefined || Array.isArray(result)) return;
      if (isStream(result)) setResult(mapStream(result, (one) => mapResult(one, requestId), { key, keyWatch }));
      else setResult(mapResult(result as ExecutionResult, requestId));
    },
  };
}

type Stream = AsyncIterable<ExecutionResult>;

function isStream(result: object): result is Stream {
  return Symbol.asyncIterator in result;
}

interface WatchedKey {
  key: string;
  keyWatch: KeyWatch;
}

function mapStream(
  stream: Stream,
  map: (result: ExecutionResult) => ExecutionResult,
  { key, keyWatch }: WatchedKey,
): AsyncIterableIterator<ExecutionResult> {
  const iterator = stream[Symbol.asyncIterator]();
  const done: IteratorReturnResult<undefined> = { done: true, value: undefined };
  const leave = async () => {
    stopWatching();
    await iterator.return?.();
    return done;
  };
  const stopWatching = keyWatch.watch(key, () => void leave());
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => {
      const next = await iterator.next();
      if (!next.done) return { done: false, value: map(next.value) };
      stopWatching();
      return done;
    },
    return: leave,
  };
}
