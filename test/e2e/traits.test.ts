import { beforeAll, describe, expect, it } from 'vitest';
import { sandboxBanks } from '../../src/config/sandbox-banks.ts';
import { englishWords } from '../../src/http/pages/english-words.ts';
import { isUnreadable } from '../../src/sandbox-bank/traits/shape-traits.ts';
import { traitNames } from '../../src/sandbox-bank/traits/trait-table.ts';
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
const exceptions: Record<string, Had> = {
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

/** Alone, and some that make each other harder. */
const cases = [
  ...traitNames,
  'no-ids+date-from-ignored',
  'no-ids+value-date-filter',
  'no-ids+pages-overlap',
  'no-ids+dates-in-names',
  'no-ids+empty-once',
  'no-ids+shortened-once',
  'ids-change+other-order',
  'placeholder-ids+date-from-ignored',
  'no-ids+pots',
  'no-iban+resource-ids-change',
  'sign-by-indicator+decimal-commas+german-dates+links-as-texts',
];

const world = usePersonsWorld((url) => {
  const [embedded] = sandboxBanks(url).filter(({ preferredApproach }) => preferredApproach === 'embedded');
  // A bank for each: what is learnt of one is nothing that another has said.
  return cases.map((traits, index) => ({
    ...(embedded as NonNullable<typeof embedded>),
    id: toBankId(index),
    name: traits,
  }));
});

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
    for (const [index, traits] of cases.entries()) {
      const endUser = { screen: createFormScreen(), psuId: `trait-${traits}`, bankId: toBankId(index), appUrl: '' };
      const { userId, headings } = await connectPerson(world, endUser);
      courses.set(traits, { heading: headings.at(-1) ?? '', userId, seen: [] });
    }
    await look();
    for (let cycle = 0; cycle < 3; cycle += 1) {
      world.clock.advance(13 * 3_600_000);
      await world.runCycle();
      await look();
    }
  }, 600_000);

  it.each(cases)('%s', (traits) => {
    const { heading, seen } = courses.get(traits) as Course;
    const had = exceptions[traits] ?? {};
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
