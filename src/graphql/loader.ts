export interface Loader<Key, Value> {
  load(key: Key): Promise<Value | null>;
}

/** Lists of many owners, each asked for with a page of its own: those with equal pages are read together. */
export interface ListLoader<Page, Row> {
  load(ownerId: string, page: Page): Promise<Row[]>;
  /** Takes what has been read already with something else. */
  prime(ownerId: string, page: Page, rows: Row[]): void;
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

/** `Page` holds what JSON can say. */
export function createListLoader<Page extends object, Row>(
  readAll: (ownerIds: readonly string[], page: Page) => Promise<ReadonlyMap<string, Row[]>>,
): ListLoader<Page, Row> {
  const loaders = new Map<string, Loader<string, Row[]>>();
  const primed = new Map<string, Row[]>();
  return {
    load: async (ownerId, page) => {
      const key = JSON.stringify(page);
      const known = primed.get(ownerId + key);
      if (known) return known;
      const loader = loaders.get(key) ?? createLoader((ownerIds: readonly string[]) => readAll(ownerIds, page));
      loaders.set(key, loader);
      return (await loader.load(ownerId)) ?? [];
    },
    prime: (ownerId, page, rows) => void primed.set(ownerId + JSON.stringify(page), rows),
  };
}

/** Of rows that are asked for by their id. */
export function createRowLoader<Row extends { id: string }>(
  listByIds: (ids: readonly string[]) => Promise<readonly Row[]>,
): Loader<string, Row> {
  return createLoader(async (ids) => new Map((await listByIds(ids)).map((row) => [row.id, row])));
}
