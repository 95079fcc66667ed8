export interface Loader<Key, Value> {
  load(key: Key): Promise<Value | null>;
}

/** Gathers the keys asked for in one turn of the event loop, and reads them with one call of `readAll`. */
export function createLoader<Key, Value>(
  readAll: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>,
): Loader<Key, Value> {
  let waiting: Map<Key, true> | null = null;
  let reading: Promise<ReadonlyMap<Key, Value>> | null = null;
  return {
    load: async (key) => {
      if (waiting === null || reading === null) {
        const keys = new Map<Key, true>();
        waiting = keys;
        reading = new Promise((resolve, reject) => {
          // After the promise callbacks of this turn, so that siblings that resolve together are read together.
          setImmediate(() => {
            waiting = null;
            reading = null;
            readAll([...keys.keys()]).then(resolve, reject);
          });
        });
      }
      waiting.set(key, true);
      return (await reading).get(key) ?? null;
    },
  };
}
