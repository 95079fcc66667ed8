import fc from 'fast-check';
import type { BankFailureCode } from '../../src/banking/bank-failure.ts';
import type { IdHabit, Manner } from './changing-bank.ts';
import { type TellingTrait, tellingTraits, toKindOfTrait } from './told-rows.ts';
import { toKindOfWriting, type WrittenTrait, writtenJson, writtenStatements } from './written-traits.ts';

/** What happens at the bank. */
export type Change =
  | { kind: 'pays'; isCoffee: boolean; daysAgo: number; account: number }
  | { kind: 'announces'; isCoffee: boolean; account: number }
  | { kind: 'books'; which: number; account: number; otherAmount: boolean }
  | { kind: 'withdraws'; which: number; account: number };

/** What we do. */
export type Action =
  | {
      kind: 'synchronizes';
      trigger: 'SCHEDULER' | 'MANUAL';
      attended: boolean;
      manner: Manner;
      renewedAtCall: number | null;
      /** One after the other. */
      times: number;
    }
  | { kind: 'renews'; outcome: 'valid' | 'rejected' | 'received'; times: Times; terms: Terms; manner: Manner };

/** Two of them each have a session and a consent: they end at the same moment, or the one that began later ends before the other. */
export type Times = 'once' | 'twice at once' | 'twice, the second first';

/** Of a consent. */
export interface Terms {
  frequencyPerDay: number;
  newIds: boolean;
}

/** What happens at the bank, and then what we do. */
export interface Step {
  waitMinutes: number;
  changes: Change[];
  action: Action;
}

/** One login's life at a bank of its own. */
export interface Life {
  /** In minutes after our clock's beginning. */
  beginsAt: number;
  /** Of the first consent. */
  frequencyPerDay: number;
  /** Payments are booked with another amount than announced; else a renewed consent may bring new ids. Both nobody could follow. */
  amountsChange: boolean;
  habit: IdHabit;
  /** In what the bank departs from others, by the names of the sandbox bank's traits. */
  traits: readonly TellingTrait[];
  /** How it writes what it says, to the real adapter; null: it says it without a protocol. */
  written: readonly WrittenTrait[] | null;
  accountCount: number;
  steps: Step[];
}

const often = <T>(usual: T, arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary });

const failure = fc.record({
  atCall: fc.nat(4),
  code: fc.constantFrom<BankFailureCode>(
    'BANK_UNAVAILABLE',
    'BANK_UNAVAILABLE',
    'MALFORMED_REPLY',
    'REQUEST_REFUSED',
    'ACCESS_EXCEEDED',
    'CONSENT_EXPIRED',
    'CONSENT_INVALID',
    'CREDENTIALS_INVALID',
    'CERTIFICATE_REJECTED',
  ),
});

const manner: fc.Arbitrary<Manner> = fc.record({
  shuffledBy: often<number | null>(null, fc.nat(1_000)),
  repeats: often(false, fc.constant(true)),
  leavesOut: often(0, fc.constantFrom(1, 2, 3, 100)),
  pageSize: often(100, fc.integer({ min: 1, max: 3 })),
  hidesAccount: often(false, fc.constant(true)),
  fails: often<Manner['fails']>(null, failure),
});

const account = fc.nat(1);
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('pays' as const),
      isCoffee: fc.boolean(),
      daysAgo: fc.constantFrom(0, 0, 1, 3, 20),
      account,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('announces' as const), isCoffee: fc.boolean(), account }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('books' as const), which: fc.nat(9), account, otherAmount: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('withdraws' as const), which: fc.nat(9), account }) },
);

const terms = fc.record({ frequencyPerDay: fc.constantFrom(1, 2, 4, 4, 24), newIds: fc.boolean() });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('synchronizes' as const),
      trigger: fc.constantFrom('SCHEDULER' as const, 'SCHEDULER' as const, 'MANUAL' as const),
      attended: often(false, fc.constant(true)),
      manner,
      renewedAtCall: often<number | null>(null, fc.nat(4)),
      times: fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 5),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('renews' as const),
      outcome: fc.constantFrom(
        'valid' as const,
        'valid' as const,
        'valid' as const,
        'rejected' as const,
        'received' as const,
      ),
      times: often<Times>('once', fc.constantFrom('twice at once', 'twice at once', 'twice, the second first')),
      terms,
      manner,
    }),
  },
);

const writing = (traits: readonly WrittenTrait[]) =>
  fc.uniqueArray(fc.constantFrom(...traits), { maxLength: 3, selector: toKindOfWriting });

export const randomLife: fc.Arbitrary<Life> = fc.record({
  beginsAt: fc.nat(2 * 365 * 24 * 60),
  frequencyPerDay: fc.constantFrom(1, 4, 24),
  amountsChange: fc.boolean(),
  habit: fc.constantFrom<IdHabit>('always', 'a reference first', 'when booked', 'never'),
  traits: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    {
      weight: 3,
      arbitrary: fc.uniqueArray(fc.constantFrom(...tellingTraits), {
        minLength: 1,
        maxLength: 3,
        selector: toKindOfTrait,
      }),
    },
  ),
  written: fc.oneof(
    { weight: 18, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: writing(writtenJson) },
    { weight: 1, arbitrary: writing(writtenStatements) },
  ),
  accountCount: fc.constantFrom(1, 1, 2),
  steps: fc.array(
    fc.record({
      waitMinutes: fc.constantFrom(0, 1, 90, 11 * 60, 13 * 60, 24 * 60, 10 * 24 * 60),
      changes: fc.array(change, { maxLength: 4 }),
      action,
    }),
    { minLength: 1, maxLength: 6 },
  ),
});
