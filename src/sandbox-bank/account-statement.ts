import type { BankDeps } from './bank-deps.ts';
import { findPerson } from './persons.ts';
import { type BankEntryLine, toAccountKey } from './transaction-generator.ts';

/** What stands on an account by the bank's own books, whatever its replies make of it. */
export interface AccountStatement {
  name: string;
  iban: string;
  currency: string;
  maskedPan: string | null;
  /** Of all that is booked, in cents. */
  balanceCents: number;
  entries: StatementEntry[];
}

export type StatementEntry = Pick<BankEntryLine, 'id' | 'status' | 'cents' | 'day' | 'remittance'> & { code: string };

/** All accounts of an end user; empty for one whom the bank does not know. Reads nothing: the books stay as they are. */
export function listStatements(
  { ledger, traits }: Pick<BankDeps, 'ledger' | 'traits'>,
  psuId: string,
): AccountStatement[] {
  const person = findPerson(psuId, traits);
  if (!person) return [];
  return person.accounts.map((account) => {
    const given = { person, account, key: toAccountKey(person, account) };
    const lines = ledger.view(given, {
      dateFrom: '2000-01-01',
      dateTo: '2999-12-31',
      bookingStatus: 'both',
      readingCount: ledger.readingCount(given),
    });
    return {
      name: account.name,
      iban: account.iban,
      currency: account.currency,
      maskedPan: account.maskedPan ?? null,
      balanceCents: ledger.balances(given).booked,
      entries: lines.map(({ id, status, cents, day, remittance, merchant: { code } }) => ({
        id,
        status,
        cents,
        day,
        remittance,
        code,
      })),
    };
  });
}
