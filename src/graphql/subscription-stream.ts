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
    next: async () => (left.signal.aborted ? done : await iterator.next()),
    return: async () => {
      left.abort();
      await iterator.return?.();
      return done;
    },
  };
}
