import type { AccountBook, BankState } from './bank-state.ts';
import { toDay, toDayNumber } from './days.ts';
import type { Person, PersonAccount } from './person.ts';
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
  /** How many readings there are. */
  readingCount(account: LedgerAccount): number;
  view(account: LedgerAccount, view: LedgerView): BankEntryLine[];
  /** In cents; `changedOn`: the day of the latest reading, YYYY-MM-DD. */
  balances(account: LedgerAccount): { booked: number; available: number; changedOn: string | null };
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
    const { readingCount, readingDays } = bookOf(given);
    const lines: BankEntryLine[] = [];
    if (view.bookingStatus !== 'pending') lines.push(...generateBooked(given, view));
    const last = view.readingCount - 1;
    const day = readingDays[readingDays.length - readingCount + last];
    if (view.bookingStatus !== 'booked' && day !== undefined) {
      lines.push(...generatePending(toLedgerSource(given.person, given.account), last, toDay(day)));
    }
    return lines;
  }

  /** In the order of booking, each with what the account held after it. */
  function generateBooked(given: LedgerAccount, view: LedgerView): BankEntryLine[] {
    const source = toLedgerSource(given.person, given.account);
    const { firstDay, readingCount, readingDays, bookedCents } = bookOf(given);
    const [from, to] = [toDayNumber(view.dateFrom), toDayNumber(view.dateTo)];
    const lines = generateHistory(source, { firstDay, from, to });
    const later = to < firstDay - 1 ? generateHistory(source, { firstDay, from: to + 1, to: firstDay }) : [];
    for (const [index, day] of readingDays.entries()) {
      if (day < from) continue;
      const reading = readingCount - readingDays.length + index;
      const isShown = reading < view.readingCount && day <= to;
      (isShown ? lines : later).push(...generateReading(source, reading, toDay(day)));
    }
    // Backwards from today's balance: what came before the view need not be made up for it.
    let afterCents = given.account.openingBalance + bookedCents - sumOf(later);
    for (const line of lines.toReversed()) {
      line.afterCents = afterCents;
      afterCents -= line.cents;
    }
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
    readingCount: (given) => bookOf(given).readingCount,
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
      return { booked, available: booked + sumOf(pending), changedOn: day === undefined ? null : toDay(day) };
    },
  };
}
