import { GraphQLError } from 'graphql';

/**
 * A stream that ends when its reader leaves, even while it waits for the next value: leaving a generator alone would
 * first wait for that value.
 */
export function streamUntilLeft<Value>(
  open: (abort: AbortSignal) => AsyncIterable<Value>,
): AsyncIterableIterator<Value> {
  const left = new AbortController();
  const iterator = open(left.signal)[Symbol.asyncIterator]();
  const done: IteratorReturnResult<undefined> = { done: true, value: undefined };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => {
      try {
        return left.signal.aborted ? done : await iterator.next();
      } catch (error) {
        throw toStreamError(error);
      }
    },
    return: async () => {
      left.abort();
      await iterator.return?.();
      return done;
    },
  };
}

/** As a resolver's error is: what the doors do not know as a GraphQLError they mask before it can be mapped. */
export function toStreamError(error: unknown): unknown {
  return error instanceof Error ? new GraphQLError(error.message, { originalError: error }) : error;
}
