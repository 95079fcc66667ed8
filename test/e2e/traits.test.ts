import { beforeAll, describe, expect, it } from 'vitest';
import { sandboxBanks } from '../../src/config/sandbox-banks.ts';
import type { BankEntry } from '../../src/domain/bank-entry.ts';
import { englishWords } from '../../src/http/pages/english-words.ts';
import { isUnreadable } from '../../src/sandbox-bank/traits/shape-traits.ts';
import { traitNames } from '../../src/sandbox-bank/traits/trait-table.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { createFormScreen } from './end-user.ts';
import { connectPerson, onlyStatus } from './persons.ts';
import { type TransactionNode, usePersonsWorld } from './persons-world.ts';

type Entry = ReturnType<typeof world.sandbox.listStatements>[number]['entries'][number];

/** What is to be had of a bank with these traits, where that is not all that stands on the accounts. */
interface Had {
  /** How many of the bank's accounts, the first ones. */
  accounts?: number;
  /** Whether the entry can be had of the account with this number. */
  has?(entry: Entry, index: number): boolean;
  /** What a pending entry is given with, where it is not what will be booked. */
  toPendingCents?(entry: Entry): number;
}

const ofFirst: Had = { has: (_, index) => index === 0 };
const ofBooked: Had = { has: ({ status }) => status === 'booked' };
/** Where more is refused, 89 days are asked for: a bank's day may begin before ours. */
const ofLawfulDays: Had = { has: ({ day }) => day >= '2025-12-11' };
const exceptions: Record<string, Had> = {
  'history-90-days': ofLawfulDays,
  'long-periods-break': ofLawfulDays,
  'empty-as-204': ofFirst,
  'empty-as-no-body': ofFirst,
  'empty-as-missing': ofFirst,
  'empty-as-null': ofFirst,
  'empty-as-unknown': ofFirst,
  'broken-account': ofFirst,
  'web-page': ofFirst,
  'unreadable-account': { ...ofFirst, accounts: 1 },
  'currency-aggregate': { accounts: 2, has: (_, index) => index < 2 },
  'accounts-null': { accounts: 0, has: () => false },
  'unreadable-rows': { has: ({ remittance, cents }) => !isUnreadable(toRow(remittance, cents)) },
  'booked-alone': ofBooked,
  mt940: ofBooked,
  'pending-amounts-differ': { toPendingCents: ({ code, cents }) => (code === 'PMNT-CCRD-POSD' ? -10_000 : cents) },
};

/** Traits that do not touch each other share an end user; some make each other harder. */
const cases = [
  'cards+small-pages',
  'card-debits-positive+plus-signs',
  'no-ids+pots',
  'currency-aggregate+lower-case-currency',
  'no-iban+resource-ids-change',
  'blocked-account+parallel-refused',
  'no-ids+date-from-ignored',
  'history-90-days+amounts-as-numbers',
  'long-periods-break+decimal-commas',
  'both-refused+odd-decimals',
  'booked-alone+ids-when-booked',
  'no-ids+empty-once',
  'shortened-once',
  'rows-come-back',
  'rows-twice+other-order',
  'pending-beside-booked',
  'ids-as-numbers+blanks-and-entities',
  'ids-repeated',
  'placeholder-ids+texts-and-lists',
  'ids-used-again+date-from-ignored',
  'references-restart',
  'ids-change+zero-dates',
  'last-page-names-itself+relative-links',
  'null-link+links-as-list',
  'no-ids+pages-overlap',
  'second-page-refused+german-dates',
  'accounts-in-pages+inner-links',
  'date-time-only+no-currency',
  'no-ids+dates-in-names',
  'no-ids+value-date-filter',
  'sign-by-indicator+compact-dates+links-as-texts',
  'sign-by-own-account+date-times',
  'pending-amounts-differ+flat-balances',
  'empty-as-204+balances-without-type',
  'empty-as-no-body+no-balances',
  'empty-as-missing+json-as-text',
  'empty-as-null+balances-in-debt',
  'empty-as-unknown+balances-refused',
  'accounts-null',
  'unreadable-rows',
  'unreadable-account',
  'broken-account',
  'web-page',
  'camt',
  'camt-only',
  'mt940',
  'multipart',
  'download-link',
];
const connectedAtOnce = 4;

// Between the slots of 04:00 and 16:00, so that no cycle runs but those that the test asks for.
const clock = fixedClock('2026-03-10T04:10:00Z');
const toBanks = (url: string): BankEntry[] => {
  const [embedded] = sandboxBanks(url).filter(({ preferredApproach }) => preferredApproach === 'embedded');
  // A bank for each: what is learnt of one is nothing that another has said.
  return cases.map((traits, index) => ({
    ...(embedded as NonNullable<typeof embedded>),
    id: toBankId(index),
    name: traits,
  }));
};
const world = usePersonsWorld({ toBanks, clock });

function toHad(traits: string): Had {
  return Object.assign({}, ...traits.split('+').map((name) => exceptions[name]));
}

interface Seen {
  status: string;
  accountCount: number;
  rows: TransactionNode[];
}

interface Course {
  heading: string;
  userId: string;
  /** After the connection, and after each cycle. */
  seen: Seen[];
}

const courses = new Map<string, Course>();

describe('banks with habits of their own, all at once, after a connection and three cycles', {
  timeout: 600_000,
}, () => {
  beforeAll(async () => {
    const waiting = [...cases.entries()];
    const connectNext = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [index, traits] = next;
        const endUser = { screen: createFormScreen(), psuId: `trait-${traits}`, bankId: toBankId(index), appUrl: '' };
        const { userId, headings } = await connectPerson(world, endUser);
        courses.set(traits, { heading: headings.at(-1) ?? '', userId, seen: [] });
      }
    };
    await Promise.all(Array.from({ length: connectedAtOnce }, connectNext));
    await look();
    for (const hours of [1, 7, 2]) {
      clock.advance(hours * 3_600_000);
      await world.runCycle();
      await look();
    }
  }, 600_000);

  it('every trait is in one of the cases', () => {
    const names = new Set(cases.flatMap((traits) => traits.split('+')));
    expect(traitNames.filter((name) => !names.has(name))).toEqual([]);
  });

  it.each(cases)('%s', (traits) => {
    const { heading, seen } = courses.get(traits) as Course;
    const had = toHad(traits);
    expect(heading).toBe(englishWords.doneTitle);
    expect(seen.map(({ status }) => status)).toEqual(['OK', 'OK', 'OK', 'OK']);
    const statements = world.sandbox.listStatements(`trait-${traits}`).slice(0, had.accounts);
    expect(seen.map(({ accountCount }) => accountCount)).toEqual(seen.map(() => statements.length));
    for (const status of ['booked', 'pending'] as const) {
      expect(toAmountsSeen(seen.at(-1)?.rows ?? [], status)).toEqual(toAmountsHad(statements, had, status));
    }
    expectSameIds(seen);
  });
});

async function look(): Promise<void> {
  for (const { userId, seen } of courses.values()) {
    const { status, bankLogin } = await onlyStatus(world, userId);
    const rows = [];
    for (const { id } of bankLogin.accounts) rows.push(...(await world.transactions(id)));
    seen.push({ status, accountCount: bankLogin.accounts.length, rows });
  }
}

/** The bank takes nothing back: what was there once is there in the end, under its id, as the same payment. */
function expectSameIds(seen: readonly Seen[]): void {
  const last = new Map(seen.at(-1)?.rows.map((row) => [row.id, row.remittanceInformation]));
  for (const { rows } of seen) {
    expect(rows.filter(({ id, remittanceInformation }) => last.get(id) !== remittanceInformation)).toEqual([]);
  }
}

type Statements = ReturnType<typeof world.sandbox.listStatements>;

/** Amounts of the entries of this status, sorted: as many, and of the same sum. */
function toAmountsHad(statements: Statements, had: Had, status: Entry['status']): string[] {
  const entries = statements.flatMap((statement, index) =>
    statement.entries.filter((entry) => entry.status === status && (had.has?.(entry, index) ?? true)),
  );
  return entries
    .map((entry) => (had.toPendingCents && status === 'pending' ? had.toPendingCents(entry) : entry.cents))
    .map(toAmount)
    .sort();
}

function toAmountsSeen(rows: readonly TransactionNode[], status: Entry['status']): string[] {
  return rows.flatMap((row) => (row.status === status.toUpperCase() ? [row.amount.amount] : [])).sort();
}

function toAmount(cents: number): string {
  return (cents / 100).toFixed(2);
}

function toRow(remittance: string, cents: number) {
  return { transactionAmount: { amount: cents }, remittanceInformationUnstructured: remittance };
}

function toBankId(index: number): string {
  return `bank_trait_${index}`;
}
