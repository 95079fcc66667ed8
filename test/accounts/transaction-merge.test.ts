import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FetchedTransaction, StoredTransaction } from '../../src/accounts/bank-transaction.ts';
import { toPayments } from '../../src/accounts/transaction-identity.ts';
import { givenPending, givenTransaction } from './given-transactions.ts';
import { keepAccount } from './kept-account.ts';

const nothing = { added: [], updated: [], removed: [] };

describe('recognising a transaction', () => {
  it('goes by the id of the bank, whatever else has changed', () => {
    const account = keepAccount();
    account.take([givenTransaction({ bankTransactionId: 'b1' })]);
    const merged = account.take([givenTransaction({ bankTransactionId: 'b1', remittanceInformation: 'Corrected' })]);
    expect(merged).toMatchObject({ added: [], removed: [], unchangedCount: 0 });
    expect(merged.updated).toMatchObject([{ id: 'txn_1', identity: 't:b1', remittanceInformation: 'Corrected' }]);
  });

  it('goes by the entry reference where there is no id', () => {
    const account = keepAccount();
    account.take([givenTransaction({ entryReference: 'r1' })]);
    expect(account.stored).toMatchObject([{ identity: 'e:r1' }]);
    expect(account.take([givenTransaction({ entryReference: 'r1', valueDate: '2026-03-10' })]).updated).toHaveLength(1);
  });

  it('takes two equal coffees on one day for two, and knows both again', () => {
    const account = keepAccount();
    const coffees = [givenTransaction(), givenTransaction()];
    expect(account.take(coffees).added).toHaveLength(2);
    expect(account.take(coffees)).toMatchObject({ ...nothing, unchangedCount: 2 });
    expect(account.take([...coffees, givenTransaction()]).added).toHaveLength(1);
    expect(account.takeTwice([givenTransaction()]).removed).toHaveLength(2);
  });

  it('takes equal coffees with different ids for two', () => {
    const account = keepAccount();
    account.take([givenTransaction({ bankTransactionId: 'b1' })]);
    const merged = account.take([
      givenTransaction({ bankTransactionId: 'b1' }),
      givenTransaction({ bankTransactionId: 'b2' }),
    ]);
    expect(merged).toMatchObject({ updated: [], removed: [], unchangedCount: 1 });
    expect(merged.added).toMatchObject([{ identity: 't:b2' }]);
  });

  it('takes what one reply says twice under one id once', () => {
    const account = keepAccount();
    const twice = [givenTransaction({ bankTransactionId: 'b1' }), givenTransaction({ bankTransactionId: 'b1' })];
    expect(account.take(twice).added).toHaveLength(1);
    expect(account.take(twice)).toMatchObject(nothing);
  });

  it('does not take an announcement for another booking where the reply could not tell of announcements', () => {
    const account = keepAccount();
    account.take([
      givenPending({ counterpartyName: 'Coffee Bar', remittanceInformation: 'payment 1', bookingDate: null }),
    ]);
    const other = givenTransaction({ counterpartyName: 'Coffee Bar', remittanceInformation: 'payment 2' });
    expect(account.take([other], { coversPending: false }).added).toHaveLength(1);
    expect(account.stored.map(({ id, status }) => [id, status])).toEqual([
      ['txn_1', 'PENDING'],
      ['txn_2', 'BOOKED'],
    ]);
  });

  it('does not let a collective reference swallow transactions', () => {
    const account = keepAccount();
    const [first, second] = [
      givenTransaction({ entryReference: 'statement 7' }),
      givenTransaction({ entryReference: 'statement 7', amount: { amount: '-9.90', currency: 'EUR' } }),
    ];
    account.take([first]);
    expect(account.take([first, second])).toMatchObject({ added: [{ amount: { amount: '-9.90' } }], removed: [] });
    expect(account.take([second, first])).toMatchObject(nothing);
  });

  it('keeps transactions when the bank begins to send ids or sends others', () => {
    const account = keepAccount();
    account.take([givenTransaction()]);
    for (const bankTransactionId of ['old consent', 'new consent']) {
      expect(account.take([givenTransaction({ bankTransactionId })])).toMatchObject({
        added: [],
        removed: [],
        updated: [{ id: 'txn_1', identity: `t:${bankTransactionId}` }],
      });
    }
  });

  it('does not forget what the bank leaves out of a later reply', () => {
    const account = keepAccount();
    account.take([givenTransaction({ bankTransactionId: 'b1' })]);
    expect(account.take([givenTransaction({ bankTransactionId: 'b1', counterpartyName: null })])).toMatchObject(
      nothing,
    );
  });
});

describe('a pending transaction that is booked', () => {
  it.each<[how: string, pending: FetchedTransaction, booked: FetchedTransaction]>([
    ['keeps its bank id', givenPending({ bankTransactionId: 'b1' }), givenTransaction({ bankTransactionId: 'b1' })],
    [
      'gets an id beside its reference',
      givenPending({ entryReference: 'r1', counterpartyName: null, remittanceInformation: null }),
      givenTransaction({ entryReference: 'r1', bankTransactionId: 'b1', counterpartyName: 'COFFEE BAR LTD' }),
    ],
    ['has no ids at all', givenPending(), givenTransaction()],
    ['gets its first id', givenPending(), givenTransaction({ bankTransactionId: 'b1' })],
    [
      'gets another remittance information',
      givenPending({ remittanceInformation: 'Card payment' }),
      givenTransaction({ remittanceInformation: 'Card 4711, Coffee Bar' }),
    ],
  ])('is one transaction updated when it %s', (_how, pending, booked) => {
    const account = keepAccount();
    account.take([pending]);
    const merged = account.take([booked]);
    expect(merged).toMatchObject({ added: [], removed: [] });
    expect(merged.updated).toMatchObject([{ id: 'txn_1', status: 'BOOKED', bookingDate: '2026-03-09' }]);
    expect(account.take([booked])).toMatchObject(nothing);
  });

  it('leaves an equal one that is still pending alone', () => {
    const account = keepAccount();
    account.take([givenPending(), givenPending()]);
    const merged = account.take([givenPending(), givenTransaction()]);
    expect(merged).toMatchObject({ added: [], removed: [], updated: [{ status: 'BOOKED' }] });
    expect(account.stored.map(({ status }) => status).sort()).toEqual(['BOOKED', 'PENDING']);
  });

  it('is not mistaken for a payment of the same amount to somebody else', () => {
    const account = keepAccount();
    account.take([givenPending()]);
    const merged = account.take([givenTransaction({ counterpartyName: 'Bakery', remittanceInformation: 'Rolls' })]);
    expect(merged).toMatchObject({ added: [{ counterpartyName: 'Bakery' }], missedIds: ['txn_1'], updated: [] });
  });

  it('is the newest of booked ones that look alike', () => {
    const account = keepAccount();
    account.take([givenPending()]);
    const [january, march] = [givenTransaction({ bookingDate: '2026-01-09' }), givenTransaction()];
    expect(account.take([january, march])).toMatchObject({
      added: [{ bookingDate: '2026-01-09' }],
      updated: [{ id: 'txn_1', bookingDate: '2026-03-09' }],
    });
  });

  it('is the payment itself before a newer one of the same shop and amount', () => {
    const account = keepAccount();
    account.take([givenPending({ remittanceInformation: 'Card 1' })]);
    const itself = givenTransaction({ remittanceInformation: 'Card 1', bookingDate: '2026-03-08' });
    const newer = givenTransaction({ remittanceInformation: 'Card 2' });
    expect(account.take([newer, itself])).toMatchObject({
      added: [{ remittanceInformation: 'Card 2' }],
      updated: [{ id: 'txn_1', remittanceInformation: 'Card 1' }],
    });
  });

  it('stays booked when the bank still announces it', () => {
    const account = keepAccount();
    account.take([givenTransaction({ bankTransactionId: 'b1' })]);
    expect(account.take([givenPending({ bankTransactionId: 'b1' })])).toMatchObject(nothing);
  });

  it('is booked when one reply has it both ways under one id', () => {
    for (const reply of [
      [givenPending({ bankTransactionId: 'b1' }), givenTransaction({ bankTransactionId: 'b1' })],
      [givenTransaction({ bankTransactionId: 'b1' }), givenPending({ bankTransactionId: 'b1' })],
    ]) {
      expect(keepAccount().take(reply).added).toMatchObject([{ status: 'BOOKED' }]);
    }
  });
});

describe('what the bank no longer sends', () => {
  const rows = () => [givenPending(), givenTransaction({ bookingDate: '2026-03-05', valueDate: '2026-03-05' })];

  it('is removed when it was pending, or booked within the days asked for', () => {
    const account = keepAccount();
    account.take(rows());
    expect(account.takeTwice([], { from: '2026-03-04' }).removed).toMatchObject([{ id: 'txn_1' }, { id: 'txn_2' }]);
    expect(account.stored).toEqual([]);
  });

  it('stays when it lies before the days asked for, or has no day', () => {
    const account = keepAccount();
    account.take([
      givenTransaction({ bookingDate: '2026-03-04' }),
      givenTransaction({ bookingDate: null, remittanceInformation: 'Undated' }),
    ]);
    expect(account.takeTwice([], { from: '2026-03-05' })).toMatchObject(nothing);
  });

  it('stays where nobody knows what days the reply covers', () => {
    const account = keepAccount();
    account.take([givenPending(), givenTransaction()]);
    expect(account.takeTwice([], { from: null })).toMatchObject(nothing);
  });
});

// Few values, so that equal transactions and near misses are frequent.
const booked = fc.record({
  bankTransactionId: fc.option(fc.constantFrom('b1', 'b2', 'b3', 'b4'), { nil: null }),
  entryReference: fc.option(fc.constantFrom('r1', 'r2'), { nil: null }),
  amount: fc.constantFrom('-3.20', '-9.90', '12.00').map((amount) => ({ amount, currency: 'EUR' })),
  bookingDate: fc.constantFrom('2026-03-07', '2026-03-08', '2026-03-09'),
  counterpartyName: fc.constantFrom('Coffee Bar', 'Bakery', null),
});
const bankSide = fc
  .tuple(
    fc.uniqueArray(booked, { maxLength: 8, selector: ({ bankTransactionId }) => bankTransactionId ?? Symbol('none') }),
    fc.array(fc.record({ counterpartyName: fc.constantFrom('Coffee Bar', 'Bakery') }), { maxLength: 3 }),
  )
  .map(([ofBooked, ofPending]) => [...ofBooked.map(givenTransaction), ...ofPending.map(givenPending)]);

/** What the bank did to a reply on its way: took parts away, sent parts twice, sent them in another order. */
const reply = bankSide.chain((truth) =>
  fc
    .record({
      order: fc.shuffledSubarray(truth, { minLength: truth.length }),
      cut: fc.nat(truth.length),
      repeated: fc.subarray(truth.filter(({ bankTransactionId }) => bankTransactionId !== null)),
    })
    .map(({ order, cut, repeated }) => [...order.slice(cut), ...repeated.filter((each) => order.indexOf(each) >= cut)]),
);

function toContents(transactions: readonly FetchedTransaction[]): string[] {
  const content = (t: FetchedTransaction) =>
    [t.status, t.amount.amount, t.bookingDate, t.bankTransactionId, t.entryReference].join(' ');
  return transactions.map(content).sort();
}

describe('whatever the bank sends', () => {
  const runs = { numRuns: 4_000 };

  it('keeps as many transactions as it said twice within its days, none twice and none lost', () => {
    fc.assert(
      fc.property(fc.array(reply, { minLength: 1, maxLength: 6 }), (replies) => {
        const account = keepAccount();
        for (const sent of replies) {
          account.takeTwice(sent);
          expect(account.stored).toHaveLength(toPayments(sent).length);
          expect(new Set(account.stored.map(({ id }) => id)).size).toBe(account.stored.length);
          expect(new Set(account.stored.map(({ identity }) => identity)).size).toBe(account.stored.length);
        }
      }),
      runs,
    );
  });

  it('ends as if the last reply had been the only one', () => {
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 4 }), bankSide, (replies, truth) => {
        const [account, fresh] = [keepAccount(), keepAccount()];
        for (const sent of [...replies, truth]) account.takeTwice(sent);
        fresh.take(truth);
        const amounts = (stored: readonly StoredTransaction[]) =>
          stored.map((t) => `${t.status} ${t.amount.amount} ${t.bookingDate}`).sort();
        expect(amounts(account.stored)).toEqual(amounts(fresh.stored));
      }),
      runs,
    );
  });

  it('changes nothing when it comes again, in whatever order', () => {
    fc.assert(
      fc.property(
        fc.array(reply, { maxLength: 3 }),
        bankSide.chain((truth) =>
          fc.tuple(fc.constant(truth), fc.shuffledSubarray(truth, { minLength: truth.length })),
        ),
        (replies, [truth, shuffled]) => {
          const account = keepAccount();
          for (const sent of [...replies, truth]) account.take(sent);
          expect(account.take(truth)).toMatchObject(nothing);
          const before = toContents(account.stored);
          const again = account.take(shuffled);
          expect([again.added, again.removed]).toEqual([[], []]);
          expect(toContents(account.stored)).toEqual(before);
        },
      ),
      runs,
    );
  });

  it('never removes what it was not asked about', () => {
    fc.assert(
      fc.property(reply, reply, fc.constantFrom('2026-03-08', '2026-03-09'), (first, second, from) => {
        const account = keepAccount();
        account.take(first);
        const older = account.stored.filter(({ bookingDate }) => bookingDate !== null && bookingDate < from);
        const inWindow = second.filter(({ bookingDate }) => bookingDate === null || bookingDate >= from);
        const removedIds = account.takeTwice(inWindow, { from }).removed.map(({ id }) => id);
        for (const { id } of older) expect(removedIds).not.toContain(id);
      }),
      runs,
    );
  });
});
