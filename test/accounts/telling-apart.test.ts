import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FetchedTransaction } from '../../src/accounts/bank-transaction.ts';
import { joinPages } from '../../src/accounts/page-joining.ts';
import { givenTransaction } from './given-transactions.ts';
import { type KeptAccount, keepAccount } from './kept-account.ts';

/** A payment as the bank knows it: `n` is the truth that no reply tells. */
interface Payment {
  n: number;
  amount: string;
  /** Days after the beginning. */
  paidOn: number;
  bookedOn: number | null;
  /** Of a card: what was reserved, where it differs from the amount. */
  reserved: string | null;
  /** Of references that restart every month. */
  numberInMonth: number;
}

/** What a bank makes of ids and texts. */
interface Habit {
  ids: 'unique' | 'none' | 'placeholder' | 'shared' | 'monthly' | 'new when booked' | 'row number';
  ignoresDateFrom: boolean;
  filtersByValueDate: boolean;
  announcesOn: boolean;
  datesInNames: boolean;
  overlaps: boolean;
  /** Every so many synchronizations the reply is empty. */
  emptyEvery: number;
}

const habit = fc.record<Habit>({
  ids: fc.constantFrom('unique', 'none', 'placeholder', 'shared', 'monthly', 'new when booked', 'row number'),
  ignoresDateFrom: fc.boolean(),
  filtersByValueDate: fc.boolean(),
  announcesOn: fc.boolean(),
  datesInNames: fc.boolean(),
  overlaps: fc.boolean(),
  emptyEvery: fc.constantFrom(0, 2, 3),
});

/** Each day what is paid, and how many days its booking takes. */
const days = fc.array(
  fc.array(
    fc.record({ cents: fc.constantFrom(320, 320, 990, 6120), booksIn: fc.constantFrom(0, 1, 2), fuel: fc.boolean() }),
    {
      maxLength: 3,
    },
  ),
  { minLength: 2, maxLength: 45 },
);

const beginning = Date.parse('2026-01-05T04:00:00Z');
const toDay = (day: number): string => new Date(beginning + day * 86_400_000).toISOString().slice(0, 10);

function toRow(
  { ids, datesInNames }: Habit,
  payment: Payment,
  { sync, row }: { sync: number; row: number },
): FetchedTransaction {
  const { n, amount, paidOn, bookedOn, reserved } = payment;
  const isBooked = bookedOn !== null;
  const name = `Shop ${n % 3} of ${n}`;
  const byHabit: Record<Habit['ids'], string | null> = {
    unique: `id ${n}`,
    none: null,
    placeholder: 'NOTPROVIDED',
    shared: 'statement',
    monthly: `${payment.numberInMonth}`,
    'new when booked': isBooked ? `b ${n}` : `p ${n}`,
    // Of the booked ones: an announcement's id is its booked row's, whatever the texts say.
    'row number': isBooked ? `${row}` : null,
  };
  return givenTransaction({
    status: isBooked ? 'BOOKED' : 'PENDING',
    amount: { amount: isBooked ? amount : (reserved ?? amount), currency: 'EUR' },
    bookingDate: isBooked ? toDay(bookedOn) : null,
    valueDate: toDay(paidOn),
    bankTransactionId: ids === 'monthly' ? null : byHabit[ids],
    entryReference: ids === 'monthly' ? byHabit[ids] : null,
    counterpartyName: datesInNames && sync % 2 === 1 ? `${toDay(paidOn)} ${name.toUpperCase()}` : name,
    remittanceInformation: `Purchase ${n}`,
  });
}

function toReply(
  habit: Habit,
  payments: readonly Payment[],
  { day, sync, from }: { day: number; sync: number; from: string },
): FetchedTransaction[] {
  const rows = payments.flatMap((payment): Payment[] => {
    const isBooked = payment.bookedOn !== null && payment.bookedOn <= day;
    const announced = { ...payment, bookedOn: null };
    if (!isBooked) return [announced];
    const { paidOn, bookedOn } = payment;
    const filtered = toDay(habit.filtersByValueDate ? paidOn : (bookedOn ?? day));
    if (!habit.ignoresDateFrom && filtered < from) return [];
    const goesOn = habit.announcesOn && payment.reserved === null && bookedOn === day;
    return goesOn ? [announced, payment] : [payment];
  });
  const told = rows.map((payment, row) => toRow(habit, payment, { sync, row }));
  const pages = [told.slice(0, 3), told.slice(habit.overlaps && told.length > 3 ? 2 : 3)];
  return joinPages(pages);
}

function show(account: KeptAccount): string[] {
  return account.stored
    .map(({ status, amount, remittanceInformation }) => `${remittanceInformation} ${status} ${amount.amount}`)
    .sort();
}

it('whatever habits a bank has, its payments are stored once each, and keep their ids', () => {
  fc.assert(
    fc.property(habit, days, (bank, paid) => {
      const account = keepAccount([], new Date(beginning).toISOString());
      const payments: Payment[] = [];
      const idsOf = new Map<string, string>();
      for (const [day, ofDay] of paid.entries()) {
        for (const { cents, booksIn, fuel } of ofDay) {
          const n = payments.length;
          const numberInMonth = payments.filter(
            ({ paidOn }) => Math.floor(paidOn / 30) === Math.floor(day / 30),
          ).length;
          const reserved = fuel && cents === 6120 && booksIn > 0 ? '-100.00' : null;
          payments.push({
            n,
            amount: `-${(cents / 100).toFixed(2)}`,
            paidOn: day,
            bookedOn: day + booksIn,
            reserved,
            numberInMonth,
          });
        }
        for (const half of [0, 1]) {
          const sync = day * 2 + half;
          const from = toDay(Math.max(day - 7, -30));
          const isEmpty = bank.emptyEvery > 0 && sync % bank.emptyEvery === 1;
          const rows = isEmpty ? [] : toReply(bank, payments, { day, sync, from });
          const { removed } = account.take(rows, { from });
          account.wait(12);
          expect(removed).toEqual([]);
          expect(new Set(account.stored.map(({ identity }) => identity)).size).toBe(account.stored.length);
          if (isEmpty) continue;
          const truth = payments.map(({ n, amount, bookedOn, reserved }) =>
            bookedOn !== null && bookedOn <= day
              ? `Purchase ${n} BOOKED ${amount}`
              : `Purchase ${n} PENDING ${reserved ?? amount}`,
          );
          expect(show(account)).toEqual(truth.sort());
          for (const { id, remittanceInformation } of account.stored) {
            expect(idsOf.get(remittanceInformation ?? '') ?? id).toBe(id);
            idsOf.set(remittanceInformation ?? '', id);
          }
        }
      }
    }),
    { numRuns: 600 },
  );
});
