import type { BankAccount, TransactionPage } from '../../../src/banking/bank-port.ts';
import type { BankEntry } from '../../../src/domain/bank-entry.ts';
import type { FetchedTransaction } from '../../../src/domain/transaction-fields.ts';
import {
  attended,
  type BankReply,
  collect,
  type FakeBank,
  givenAccount,
  learntOf,
  openBank,
  startFakeBank,
} from '../fake-bank.ts';

export const ownIban = 'DE02120300000000202051';
export const otherIban = 'FR7630006000011234567890189';
export const account = givenAccount({ iban: ownIban });
export const query = { dateFrom: '2026-01-01' };

export interface ReadRows {
  rows: FetchedTransaction[];
  pages: TransactionPage[];
  fake: FakeBank;
}

/** What the adapter reads of an account whose bank gives these replies in turn. */
export async function readRows(
  replies: readonly Parameters<typeof startFakeBank>[0][],
  given: { account?: BankAccount; entry?: Partial<BankEntry>; dateFrom?: string; facts?: Record<string, string> } = {},
): Promise<ReadRows> {
  const fake = await startFakeBank(...replies);
  const bank = openBank(fake.url, given.entry, {}, learntOf(given.facts));
  const asked = { dateFrom: given.dateFrom ?? query.dateFrom };
  const pages = await collect(bank.listTransactions(given.account ?? account, asked, attended));
  return { rows: pages.flatMap(({ transactions }) => transactions), pages, fake };
}

/** A reply with these booked rows. */
export function booked(...rows: unknown[]): BankReply {
  return { body: { transactions: { booked: rows } } };
}

/** The row that the adapter makes of this one. */
export async function readRow(row: object, given?: Parameters<typeof readRows>[1]): Promise<FetchedTransaction> {
  const { rows } = await readRows([booked({ transactionAmount: { amount: '1.00', currency: 'EUR' }, ...row })], given);
  const [read] = rows;
  if (!read) throw new Error('The row was left out.');
  return read;
}

export function refusal(status: number, code?: string): BankReply {
  return { status, body: code ? { tppMessages: [{ category: 'ERROR', code }] } : {} };
}
