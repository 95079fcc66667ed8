import { toDay } from './days.ts';
import { type Merchant, merchants } from './merchants.ts';
import type { Person, PersonAccount } from './person.ts';
import { createRandom, toTransactionId } from './random.ts';

export interface BankEntryLine {
  id: string;
  status: 'booked' | 'pending';
  /** In cents; negative for money going out. */
  cents: number;
  /** YYYY-MM-DD; of a pending one, the day on which it was made. */
  day: string;
  merchant: Merchant;
  remittance: string;
  /** What the account holds after it, in cents; only of booked ones, and only where they are shown. */
  afterCents?: number;
}

const historyDays = 90;

/** What all that an account shows follows from. */
export interface LedgerSource {
  seed: string;
  account: PersonAccount;
}

/** What the bank's books know an account by. */
export function toAccountKey({ psuId }: Person, { iban, currency, part }: PersonAccount): string {
  return [psuId, iban, currency, ...(part === undefined ? [] : [part])].join('/');
}

export function toLedgerSource(person: Person, account: PersonAccount): LedgerSource {
  return { seed: toAccountKey(person, account), account };
}

/** The booked entries of the days before the account was first looked at, as far as they lie between the two days. */
export function generateHistory(
  { seed, account }: LedgerSource,
  { firstDay, from, to }: { firstDay: number; from: number; to: number },
): BankEntryLine[] {
  const lines: BankEntryLine[] = [];
  const first = Math.max(firstDay - historyDays, from);
  const last = Math.min(firstDay - 1, to);
  for (let day = first; day <= last; day += 1) addHistoryOf(lines, { seed, account, day });
  return lines;
}

function addHistoryOf(lines: BankEntryLine[], { seed, account, day }: LedgerSource & { day: number }): void {
  const random = createRandom(`${seed}/${day}`);
  const exact = account.transactionsPerDay;
  const count = Math.floor(exact) + (random() < exact % 1 ? 1 : 0);
  // Most days of a quiet account have nothing, and then need no date.
  if (count === 0) return;
  const before = lines.length;
  const date = toDay(day);
  for (let i = 0; i < count; i += 1) lines.push(line(`${seed}/${day}/${i}`, date, random));
  const first = lines[before];
  // Two equal coffees on one day, of which nothing but their number tells that they are two.
  if (first && !account.identified && random() < 0.2) {
    lines.push({ ...first, id: toTransactionId(`${seed}/${day}/again`) });
  }
}

/**
 * What a reading of this day books: a few new entries, and what the reading before it had left pending. Readings are counted
 * from 0.
 */
export function generateReading(source: LedgerSource, reading: number, day: string): BankEntryLine[] {
  const earlier = reading > 0 ? generatePending(source, reading - 1, day) : [];
  const booked: BankEntryLine[] = earlier.map((entry) => ({ ...entry, status: 'booked' }));
  const random = createRandom(`${source.seed}/reading/${reading}`);
  const count = 1 + Math.floor(random() * 3);
  for (let i = 0; i < count; i += 1) booked.push(line(`${source.seed}/reading/${reading}/${i}`, day, random));
  return booked;
}

/** What a reading of this day leaves pending. */
export function generatePending({ seed }: LedgerSource, reading: number, day: string): BankEntryLine[] {
  const random = createRandom(`${seed}/pending/${reading}`);
  const count = 1 + Math.floor(random() * 2);
  return Array.from({ length: count }, (_, i) => ({
    ...line(`${seed}/pending/${reading}/${i}`, day, random),
    status: 'pending' as const,
  }));
}

function line(seed: string, day: string, random: () => number): BankEntryLine {
  const merchant = merchants[Math.floor(random() * merchants.length)] as Merchant;
  const [from, to] = merchant.range;
  const id = toTransactionId(seed);
  return {
    id,
    status: 'booked',
    cents: from + Math.floor(random() * (to - from)),
    day,
    merchant,
    remittance: `${merchant.remittance} ${id.slice(0, 6).toUpperCase()}`,
  };
}

export function sumOf(lines: readonly BankEntryLine[]): number {
  return lines.reduce((total, entry) => total + entry.cents, 0);
}

/** Exactly, in integer cents. */
export function toAmount(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, '0');
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
