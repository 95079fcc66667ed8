import type { TransactionPosition } from '../accounts/transaction-page.ts';
import { decodeCursor, encodeCursor } from './connections.ts';
import { isCalendarDate } from './scalars.ts';

/** The cursor of a list of transactions: a place in it, as it was when its first page was read. */
export const transactionCursor = {
  cursorOf: ({ sortDate, id, snapshot }: TransactionPosition): string =>
    encodeCursor(snapshot === null ? [sortDate, id] : [sortDate, id, snapshot]),
  keyOf(cursor: string): TransactionPosition | null {
    const values = decodeCursor(cursor);
    if (!values || values.length < 2 || values.length > 3) return null;
    const [sortDate = '', id = '', snapshot = null] = values;
    return isCalendarDate(sortDate) && (snapshot === null || isSnapshot(snapshot)) ? { sortDate, id, snapshot } : null;
  },
};

const longestSnapshot = 20_000;

/** A `pg_snapshot`, `xmin:xmax:xip,…`: PostgreSQL fails on what does not ascend from xmin to below xmax. */
function isSnapshot(text: string): boolean {
  const match = text.length <= longestSnapshot && /^(\d{1,19}):(\d{1,19}):((?:\d{1,19},)*\d{1,19})?$/.exec(text);
  if (!match) return false;
  const [xmin = 0n, xmax = 0n] = match.slice(1, 3).map(BigInt);
  let last = xmin;
  for (const xip of match[3]?.split(',').map(BigInt) ?? []) {
    if (xip < last || xip >= xmax) return false;
    last = xip;
  }
  return xmin > 0n && xmin <= xmax;
}
