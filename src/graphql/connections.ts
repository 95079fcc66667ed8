import { GraphQLError } from 'graphql';
import { builder } from './builder.ts';
import { defaultPageSize, maximumPageSize } from './limits.ts';

/** The arguments of every list: forward only, since every list has one order. */
export const pageArguments = builder.args((arg) => ({
  first: arg.int({
    defaultValue: defaultPageSize,
    description: `How many rows at most: 0 to ${maximumPageSize}.`,
  }),
  after: arg.string({ description: 'Go on behind the row with this cursor.' }),
}));

export interface PageArguments {
  first?: number | null | undefined;
  after?: string | null | undefined;
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
  read: (page: { after: Key | null; limit: number }) => Promise<Row[]>;
}

/** What is to be read for these arguments: one row more than asked for, which tells whether more follow. */
export function toPage<Key>(
  args: PageArguments,
  keyOf: (cursor: string) => Key | null,
  { defaultFirst, maximumFirst }: PageSizes = { defaultFirst: defaultPageSize, maximumFirst: maximumPageSize },
): { after: Key | null; limit: number } {
  const first = toFirst(args.first ?? defaultFirst, maximumFirst);
  const after = args.after == null ? null : keyOf(args.after);
  if (args.after != null && after === null) throw badInput('`after` is not a cursor of this list.');
  return { after, limit: first + 1 };
}

/** Refuses what is out of bounds. */
export function toFirst(first: number, maximumFirst: number): number {
  if (first < 0 || first > maximumFirst) throw badInput(`\`first\` must be 0 to ${maximumFirst}.`);
  return first;
}

export async function readConnection<Row, Key>(
  args: PageArguments,
  { cursorOf, keyOf, read }: ConnectionRequest<Row, Key>,
): Promise<Connection<Row>> {
  const page = toPage(args, keyOf);
  const first = page.limit - 1;
  const rows = await read(page);
  const edges = rows.slice(0, first).map((node) => new Edge(node, cursorOf));
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > first,
      hasPreviousPage: page.after !== null,
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

function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } });
}
