import type { Page, ScannedPage } from '../domain/page.ts';
import { badInput } from './bad-input.ts';
import { builder } from './builder.ts';
import { defaultPageSize, maximumPageSize } from './limits.ts';

/** The arguments of a list that is read from its beginning on. */
export const forwardArguments = builder.args((arg) => ({
  first: arg.int({
    defaultValue: defaultPageSize,
    description: `How many rows at most: 0 to ${maximumPageSize}.`,
  }),
  after: arg.string({ description: 'Go on behind the row with this cursor; empty: from the beginning.' }),
}));

/** The arguments of a list that is read from its beginning on, or from its end back. */
export const pageArguments = builder.args((arg) => ({
  ...forwardArguments,
  last: arg.int({
    description: `The last rows rather than the first: how many at most, 0 to ${maximumPageSize}, in the order of the list. Give no \`first\` with it.`,
  }),
  before: arg.string({ description: 'Only rows before the one with this cursor; empty: to the end.' }),
}));

export interface PageArguments {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}

export interface Connection<Row> {
  edges: { cursor: string; node: Row }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

/** Of a list with other sizes than most, which its field has as `extensions`, too: it is priced by them. */
export interface PageSizes {
  defaultFirst: number;
  maximumFirst: number;
}

interface ConnectionRequest<Row, Key> {
  cursorOf: (row: Row) => string;
  /** Null: no such cursor can be. */
  keyOf: (cursor: string) => Key | null;
  read: (page: Page<Key>) => Promise<Row[]>;
}

interface ScannedRequest<Row, Key> extends Omit<ConnectionRequest<Row, Key>, 'read'> {
  cursorOfKey: (key: Key) => string;
  read: (page: Page<Key>) => Promise<ScannedPage<Row, Key>>;
}

/** What is to be read for these arguments: one row more than asked for, which tells whether more follow. */
export function toPage<Key>(
  args: PageArguments,
  keyOf: (cursor: string) => Key | null,
  { defaultFirst, maximumFirst }: PageSizes = { defaultFirst: defaultPageSize, maximumFirst: maximumPageSize },
): Page<Key> {
  const backward = args.last != null;
  // The default cannot be told from a `first` of that size.
  if (backward && args.first != null && args.first !== defaultFirst) {
    throw badInput('Give `first` or `last`, not both.');
  }
  const [name, given] = backward ? (['last', args.last] as const) : (['first', args.first] as const);
  const count = toCount(name, given ?? defaultFirst, maximumFirst);
  return { after: toKey('after', args, keyOf), before: toKey('before', args, keyOf), backward, limit: count + 1 };
}

function toKey<Key>(name: 'after' | 'before', args: PageArguments, keyOf: (cursor: string) => Key | null): Key | null {
  const cursor = args[name];
  // A client that keeps its cursor in a text begins with an empty one.
  if (cursor == null || cursor === '') return null;
  const key = keyOf(cursor);
  if (key === null) throw badInput(`\`${name}\` is not a cursor of this list.`);
  return key;
}

/** Refuses what is out of bounds. */
export function toCount(name: 'first' | 'last', count: number, maximum: number): number {
  if (count < 0 || count > maximum) throw badInput(`\`${name}\` must be 0 to ${maximum}.`);
  return count;
}

export async function readConnection<Row, Key>(
  args: PageArguments,
  { cursorOf, keyOf, read }: ConnectionRequest<Row, Key>,
): Promise<Connection<Row>> {
  const page = toPage(args, keyOf);
  return toConnection(page, await read(page), cursorOf);
}

/** As readConnection, of a list that is not read to its end for a page: one may be short, or empty, and more follow all the same. */
export async function readScannedConnection<Row, Key>(
  args: PageArguments,
  { cursorOf, cursorOfKey, keyOf, read }: ScannedRequest<Row, Key>,
): Promise<Connection<Row>> {
  const page = toPage(args, keyOf);
  const { rows, scannedTo } = await read(page);
  const connection = toConnection(page, rows, cursorOf);
  if (scannedTo === null) return connection;
  const cursor = cursorOfKey(scannedTo);
  const more = page.backward
    ? { hasPreviousPage: true, startCursor: cursor }
    : { hasNextPage: true, endCursor: cursor };
  return { ...connection, pageInfo: { ...connection.pageInfo, ...more } };
}

function toConnection<Row>(
  { after, before = null, backward = false, limit }: Page<unknown>,
  rows: readonly Row[],
  cursorOf: (row: Row) => string,
): Connection<Row> {
  const count = limit - 1;
  const edges = rows.slice(0, count).map((node) => new Edge(node, cursorOf));
  if (backward) edges.reverse();
  const isCut = rows.length > count;
  return {
    edges,
    pageInfo: {
      hasNextPage: backward ? before !== null : isCut,
      hasPreviousPage: backward ? isCut : after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

// Most readers want the rows alone: a cursor is made when it is asked for. A class, since an accessor of each row's own is dear.
class Edge<Row> {
  readonly node: Row;
  readonly #cursorOf: (row: Row) => string;

  constructor(node: Row, cursorOf: (row: Row) => string) {
    this.node = node;
    this.#cursorOf = cursorOf;
  }

  get cursor(): string {
    return this.#cursorOf(this.node);
  }
}

/** For lists in the order of their ids: the id is the cursor. */
export const cursorById = {
  cursorOf: (row: { id: string }): string => row.id,
  keyOf: (cursor: string): string | null => (/^[a-z]+_[a-z0-9_]+$/.test(cursor) ? cursor : null),
};

/** For lists in the order of a number of their own. */
export const cursorByNumber = {
  cursorOf: (row: { id: string }): string => encodeCursor([row.id]),
  keyOf: (cursor: string): { id: string } | null => {
    const [id] = decodeCursor(cursor) ?? [];
    return id !== undefined && /^\d{1,18}$/.test(id) ? { id } : null;
  },
};

/** For lists in another order: the cursor carries the two values that the list is ordered by. */
export function cursorByPair<First extends string, Second extends string>(first: First, second: Second) {
  type Key = Record<First | Second, string>;
  return {
    cursorOf: (row: Key): string => encodeCursor([row[first], row[second]]),
    keyOf: (cursor: string): Key | null => {
      const values = decodeCursor(cursor);
      return values?.length === 2 ? ({ [first]: values[0], [second]: values[1] } as Key) : null;
    },
  };
}

export function encodeCursor(values: readonly string[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

/** Null: the cursor is not one of ours. */
export function decodeCursor(cursor: string): string[] | null {
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(values) && values.every((value) => typeof value === 'string') ? values : null;
  } catch {
    return null;
  }
}
