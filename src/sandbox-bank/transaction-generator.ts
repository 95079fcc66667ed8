import type { Person, PersonAccount } from './persons.ts';
import { createRandom, toUuid } from './random.ts';

export interface BankEntryLine {
  id: string;
  status: 'booked' | 'pending';
  /** In cents; negative for money going out. */
  cents: number;
  /** YYYY-MM-DD; of a pending one, the day on which it was made. */
  day: string;
  counterparty: { name: string; iban: string | null };
  remittance: string;
  code: string;
}

export interface Ledger {
  booked: BankEntryLine[];
  pending: BankEntryLine[];
}

const dayMs = 86_400_000;
const historyDays = 90;

interface Kind {
  name: string;
  remittance: string;
  code: string;
  /** Cents, from and to. */
  range: [number, number];
}

const kinds: Kind[] = [
  { name: 'REWE Markt GmbH', remittance: 'REWE SAGT DANKE', code: 'PMNT-CCRD-POSD', range: [-9_500, -800] },
  { name: 'Café am Markt', remittance: 'Kartenzahlung', code: 'PMNT-CCRD-POSD', range: [-1_250, -250] },
  { name: 'Deutsche Bahn', remittance: 'Online-Ticket', code: 'PMNT-CCRD-POSD', range: [-12_900, -1_790] },
  { name: 'Stadtwerke', remittance: 'Abschlag Strom', code: 'PMNT-RDDT-ESDD', range: [-11_000, -4_500] },
  {
    name: 'Hausverwaltung Nord',
    remittance: 'Miete und Nebenkosten',
    code: 'PMNT-ICDT-STDO',
    range: [-98_000, -62_000],
  },
  { name: 'Albert Heijn', remittance: 'Betaling', code: 'PMNT-CCRD-POSD', range: [-6_400, -300] },
  { name: 'Pharmacie du Centre', remittance: 'Achat', code: 'PMNT-CCRD-POSD', range: [-4_200, -390] },
  { name: 'Muster AG', remittance: 'Gehalt', code: 'PMNT-RCDT-SALA', range: [210_000, 320_000] },
  { name: 'Erika Beispiel', remittance: 'Danke für gestern', code: 'PMNT-RCDT-ESCT', range: [500, 9_000] },
];

/**
 * What the account shows. The history follows from person, account and day; every reading adds a few booked entries of its day
 * and leaves one or two pending, which the next reading finds booked. `readings`: the day of each, oldest first.
 */
export function generateLedger(
  person: Person,
  account: PersonAccount,
  { today, readings }: { today: string; readings: readonly string[] },
): Ledger {
  const seed = `${person.psuId}/${account.iban}/${account.currency}`;
  const booked: BankEntryLine[] = [];
  for (let age = historyDays; age >= 1; age--) {
    booked.push(...historyOf(account, seed, shiftDay(today, -age)));
  }
  readings.forEach((day, reading) => {
    const before = reading > 0 ? readings[reading - 1] : undefined;
    if (before !== undefined) booked.push(...pendingOf(seed, reading - 1, day).map(toBooked));
    booked.push(...liveOf(seed, reading, day));
  });
  const last = readings.at(-1);
  return { booked, pending: last === undefined ? [] : pendingOf(seed, readings.length - 1, last) };
}

function historyOf(account: PersonAccount, seed: string, day: string): BankEntryLine[] {
  const random = createRandom(`${seed}/${day}`);
  const exact = account.transactionsPerDay;
  const count = Math.floor(exact) + (random() < exact % 1 ? 1 : 0);
  const lines: BankEntryLine[] = [];
  for (let i = 0; i < count; i++) lines.push(line(`${seed}/${day}/${i}`, day, random));
  const [first] = lines;
  // Two equal coffees on one day, of which nothing but their number tells that they are two.
  if (first && !account.identified && random() < 0.2) lines.push({ ...first, id: toUuid(`${seed}/${day}/again`) });
  return lines;
}

function liveOf(seed: string, reading: number, day: string): BankEntryLine[] {
  const random = createRandom(`${seed}/reading/${reading}`);
  const count = 1 + Math.floor(random() * 3);
  return Array.from({ length: count }, (_, i) => line(`${seed}/reading/${reading}/${i}`, day, random));
}

function pendingOf(seed: string, reading: number, day: string): BankEntryLine[] {
  const random = createRandom(`${seed}/pending/${reading}`);
  const count = 1 + Math.floor(random() * 2);
  return Array.from({ length: count }, (_, i) => ({
    ...line(`${seed}/pending/${reading}/${i}`, day, random),
    status: 'pending' as const,
  }));
}

function toBooked(pending: BankEntryLine): BankEntryLine {
  return { ...pending, status: 'booked' };
}

function line(seed: string, day: string, random: () => number): BankEntryLine {
  const kind = kinds[Math.floor(random() * kinds.length)] as Kind;
  const [from, to] = kind.range;
  const id = toUuid(seed);
  return {
    id,
    status: 'booked',
    cents: from + Math.floor(random() * (to - from)),
    day,
    counterparty: { name: kind.name, iban: null },
    remittance: `${kind.remittance} ${id.slice(0, 6).toUpperCase()}`,
    code: kind.code,
  };
}

export function shiftDay(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);
}

/** Exactly, in integer cents. */
export function toAmount(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, '0');
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
