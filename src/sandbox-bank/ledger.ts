import type { AccountBook, BankState } from './bank-state.ts';
import { toDay, toDayNumber } from './days.ts';
import type { Person, PersonAccount } from './persons.ts';
import {
  type BankEntryLine,
  generateHistory,
  generatePending,
  generateReading,
  sumOf,
  toLedgerSource,
} from './transaction-generator.ts';

export interface LedgerAccount {
  person: Person;
  account: PersonAccount;
  key: string;
}

export interface LedgerView {
  /** Both inclusive, YYYY-MM-DD. */
  dateFrom: string;
  dateTo: string;
  bookingStatus: 'booked' | 'pending' | 'both';
  /** How many readings of the account are seen: later ones change nothing of what this one shows. */
  readingCount: number;
}

/** What stands on the accounts. It follows from their books; only reading the transactions makes it grow. */
export interface Ledger {
  /** A few new entries are booked, and those that were pending. Returns how many readings there are now. */
  read(account: LedgerAccount): number;
  view(account: LedgerAccount, view: LedgerView): BankEntryLine[];
  /** In cents. */
  balances(account: LedgerAccount): { booked: number; available: number };
}

/** Large views are read in pages: so many of them are kept. */
const keptViews = 8;
const largeViewLines = 500;

export function createLedger({ state, now }: { state: BankState; now(): Date }): Ledger {
  const views = new Map<string, BankEntryLine[]>();
  const today = () => toDayNumber(now().toISOString().slice(0, 10));

  /** The history is that before the first look, for ever: whoever looks later finds nothing new in the past. */
  function bookOf({ person, account, key }: LedgerAccount): Readonly<AccountBook> {
    const known = state.findBook(key);
    if (known) return known;
    const firstDay = today();
    const history = generateHistory(toLedgerSource(person, account), { firstDay, from: 0, to: firstDay });
    state.openBook(key, { firstDay, bookedCents: sumOf(history) });
    return bookOf({ person, account, key });
  }

  function generateView(given: LedgerAccount, view: LedgerView): BankEntryLine[] {
    const source = toLedgerSource(given.person, given.account);
    const { firstDay, readingCount, readingDays } = bookOf(given);
    const dayOfReading = (reading: number) => readingDays[readingDays.length - readingCount + reading];
    const lines: BankEntryLine[] = [];
    const [from, to] = [toDayNumber(view.dateFrom), toDayNumber(view.dateTo)];
    if (view.bookingStatus !== 'pending') {
      lines.push(...generateHistory(source, { firstDay, from, to }));
      for (let reading = readingCount - readingDays.length; reading < view.readingCount; reading += 1) {
        const day = dayOfReading(reading);
        const isShown = day !== undefined && day >= from && day <= to;
        if (isShown) lines.push(...generateReading(source, reading, toDay(day)));
      }
    }
    const last = view.readingCount - 1;
    const day = dayOfReading(last);
    if (view.bookingStatus !== 'booked' && day !== undefined) lines.push(...generatePending(source, last, toDay(day)));
    return lines;
  }

  return {
    read(given) {
      const { readingCount } = bookOf(given);
      const day = today();
      const booked = generateReading(toLedgerSource(given.person, given.account), readingCount, toDay(day));
      state.addReading(given.key, { day, cents: sumOf(booked) });
      return readingCount + 1;
    },
    view(given, view) {
      const key = [given.key, view.dateFrom, view.dateTo, view.bookingStatus, view.readingCount].join(' ');
      const lines = views.get(key) ?? generateView(given, view);
      if (lines.length <= largeViewLines) return lines;
      // The one that was used last stands last.
      views.delete(key);
      views.set(key, lines);
      if (views.size > keptViews) views.delete(views.keys().next().value ?? '');
      return lines;
    },
    balances(given) {
      const { bookedCents, readingCount, readingDays } = bookOf(given);
      const booked = given.account.openingBalance + bookedCents;
      const day = readingDays.at(-1);
      const source = toLedgerSource(given.person, given.account);
      const pending = day === undefined ? [] : generatePending(source, readingCount - 1, toDay(day));
      return { booked, available: booked + sumOf(pending) };
    },
  };
}
