import { isSameByTable } from '../domain/field-table.ts';
import { transactionFields } from '../domain/transaction-fields.ts';
import type { FetchedTransaction } from './bank-transaction.ts';

/**
 * The rows of a reply that came in pages. Where a page begins with the rows that the one before ended with, equal in all that they say, the
 * bank has shown them twice: they are taken once. Rows that are alike elsewhere are different payments. Booked rows and announcements each
 * have an order of their own.
 */
export function joinPages(pages: readonly (readonly FetchedTransaction[])[]): FetchedTransaction[] {
  if (pages.length === 1) return [...(pages[0] ?? [])];
  return (['BOOKED', 'PENDING'] as const).flatMap((status) =>
    joinRows(pages.map((page) => page.filter((row) => row.status === status))),
  );
}

function joinRows(pages: readonly (readonly FetchedTransaction[])[]): FetchedTransaction[] {
  const rows: FetchedTransaction[] = [];
  let before: readonly FetchedTransaction[] = [];
  for (const page of pages) {
    for (let i = countShared(before, page); i < page.length; i++) rows.push(page[i] as FetchedTransaction);
    if (page.length > 0) before = page;
  }
  return rows;
}

/** How many rows the end of one page and the beginning of the next have in common. */
function countShared(before: readonly FetchedTransaction[], page: readonly FetchedTransaction[]): number {
  for (let count = Math.min(before.length, page.length); count > 0; count--) {
    const start = before.length - count;
    if (
      page
        .slice(0, count)
        .every((row, i) => isSameByTable(transactionFields, row, before[start + i] as FetchedTransaction))
    )
      return count;
  }
  return 0;
}
