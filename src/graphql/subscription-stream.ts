/**
 * A stream that ends when `ended` aborts or when its reader leaves, even while it waits for the next value: leaving a
 * generator alone would first wait for that value.
 */
export function endWith<Value>(
  ended: AbortSignal,
  open: (abort: AbortSignal) => AsyncIterable<Value>,
): AsyncIterableIterator<Value> {
  const left = new AbortController();
  const abort = AbortSignal.any([left.signal, ended]);
  const iterator = open(abort)[Symbol.asyncIterator]();
  const done: IteratorReturnResult<undefined> = { done: true, value: undefined };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => (abort.aborted ? done : await iterator.next()),
    return: async () => {
      left.abort();
      await iterator.return?.();
      return done;
    },
  };
}
