import { describe, expect, it } from 'vitest';
import type { FetchedTransaction } from '../../../src/accounts/bank-transaction.ts';
import { joinPages } from '../../../src/accounts/page-joining.ts';
import type { TransactionReading } from '../../../src/accounts/transaction-merge.ts';
import { givenPending, givenTransaction } from '../../accounts/given-transactions.ts';
import { type KeptAccount, keepAccount } from '../../accounts/kept-account.ts';

const euros = (amount: string) => ({ amount, currency: 'EUR' });
const coffee = (given: Partial<FetchedTransaction> = {}) => givenTransaction(given);
const rent = (given: Partial<FetchedTransaction> = {}) =>
  givenTransaction({
    ...{ amount: euros('-500.00'), counterpartyName: 'Landlord', remittanceInformation: 'Rent' },
    ...{ bookingDate: '2026-02-02', valueDate: '2026-02-02' },
    ...given,
  });

/** A synchronization, twelve hours after the one before. */
interface Reply extends Partial<TransactionReading> {
  rows: FetchedTransaction[];
  /** What is stored then: the id, the amount, and B or P for its status. */
  kept: string[];
}

function show({ stored }: KeptAccount): string[] {
  return stored.map(({ id, amount, status }) => `${id} ${amount.amount} ${status.slice(0, 1)}`).sort();
}

type Case = [habit: string, replies: Reply[]];

function checkEach(cases: Case[]): void {
  it.each(cases)('%s', (_habit, replies) => {
    const account = keepAccount();
    for (const { rows, kept, ...reading } of replies) {
      account.take(rows, reading);
      expect(show(account)).toEqual(kept);
      expect(new Set(account.stored.map(({ identity }) => identity)).size).toBe(account.stored.length);
      // A retry changes nothing, whatever it was that came.
      expect(account.take(rows, reading)).toMatchObject({ added: [], updated: [], removed: [] });
      account.wait(12);
    }
  });
}

describe('one id for different payments', () => {
  const other = coffee({ bankTransactionId: 'b1', amount: euros('-9.90') });
  const later = coffee({ bankTransactionId: 'b1', bookingDate: '2026-03-08' });
  checkEach([
    [
      'names none of them, in one reply or alone',
      [
        {
          rows: [coffee({ bankTransactionId: 'b1' }), other, later],
          kept: ['txn_1 -3.20 B', 'txn_2 -9.90 B', 'txn_3 -3.20 B'],
        },
        {
          rows: [later, other, coffee({ bankTransactionId: 'b1' })],
          kept: ['txn_1 -3.20 B', 'txn_2 -9.90 B', 'txn_3 -3.20 B'],
        },
        { rows: [other], from: '2026-03-09', kept: ['txn_1 -3.20 B', 'txn_2 -9.90 B', 'txn_3 -3.20 B'] },
      ],
    ],
    [
      'tells the one that comes first from the others that follow',
      [
        { rows: [coffee({ bankTransactionId: 'b1' })], kept: ['txn_1 -3.20 B'] },
        { rows: [other, coffee({ bankTransactionId: 'b1' })], kept: ['txn_1 -3.20 B', 'txn_2 -9.90 B'] },
      ],
    ],
    ...['NOTPROVIDED', 'NONREF', '0', '000', '  ', 'n/a', 'Not available'].map(
      (id): Case => [
        `is none where it is a placeholder: "${id}"`,
        [
          {
            rows: [coffee({ bankTransactionId: id }), coffee({ bankTransactionId: id })],
            kept: ['txn_1 -3.20 B', 'txn_2 -3.20 B'],
          },
          {
            rows: [rent({ bankTransactionId: id, entryReference: id })],
            from: '2026-03-10',
            kept: ['txn_1 -3.20 B', 'txn_2 -3.20 B', 'txn_3 -500.00 B'],
          },
        ],
      ],
    ),
  ]);
});

describe('an id used again', () => {
  const [february, march] = ['2026-02-02', '2026-03-02'];
  checkEach([
    [
      'weeks later names another payment',
      [
        { rows: [rent({ bankTransactionId: 'b1' })], kept: ['txn_1 -500.00 B'] },
        {
          rows: [coffee({ bankTransactionId: 'b1' })],
          from: '2026-03-01',
          kept: ['txn_1 -500.00 B', 'txn_2 -3.20 B'],
        },
      ],
    ],
    [
      'by references that restart every month names another payment, though it is the same rent',
      [
        { rows: [rent({ entryReference: '1', bookingDate: february })], kept: ['txn_1 -500.00 B'] },
        {
          rows: [rent({ entryReference: '1', bookingDate: march, valueDate: march })],
          from: '2026-02-20',
          kept: ['txn_1 -500.00 B', 'txn_2 -500.00 B'],
        },
      ],
    ],
    [
      'with the same amount is the same payment, on another day or in other words',
      [
        { rows: [coffee({ bankTransactionId: 'b1' })], kept: ['txn_1 -3.20 B'] },
        { rows: [coffee({ bankTransactionId: 'b1', bookingDate: '2026-03-08' })], kept: ['txn_1 -3.20 B'] },
        {
          rows: [coffee({ bankTransactionId: 'b1', bookingDate: '2026-03-08', counterpartyName: 'Cafe' })],
          kept: ['txn_1 -3.20 B'],
        },
      ],
    ],
    [
      'on the same day is a correction of the amount',
      [
        { rows: [coffee({ bankTransactionId: 'b1' })], kept: ['txn_1 -3.20 B'] },
        { rows: [coffee({ bankTransactionId: 'b1', amount: euros('-3.30') })], kept: ['txn_1 -3.30 B'] },
      ],
    ],
    [
      'by a bank that numbers the rows of each reply names nothing',
      [
        {
          rows: [coffee({ bankTransactionId: '1' }), rent({ bankTransactionId: '2' })],
          kept: ['txn_1 -3.20 B', 'txn_2 -500.00 B'],
        },
        {
          rows: [
            coffee({ bankTransactionId: '1', amount: euros('-4.00') }),
            coffee({ bankTransactionId: '2' }),
            rent({ bankTransactionId: '3' }),
          ],
          kept: ['txn_1 -3.20 B', 'txn_2 -500.00 B', 'txn_3 -4.00 B'],
        },
      ],
    ],
  ]);
});

describe('rows without ids', () => {
  const old = coffee({ bookingDate: '2025-03-01', valueDate: '2025-03-01' });
  checkEach([
    [
      'that come again though booked before the days asked for are known, however old',
      [
        { rows: [old, old], from: '2025-01-01', kept: ['txn_1 -3.20 B', 'txn_2 -3.20 B'] },
        { rows: [old, old, coffee()], from: '2026-03-01', kept: ['txn_1 -3.20 B', 'txn_2 -3.20 B', 'txn_3 -3.20 B'] },
      ],
    ],
    [
      'are two where two equal coffees were bought on one day, and three with the third',
      [
        { rows: [coffee(), coffee()], kept: ['txn_1 -3.20 B', 'txn_2 -3.20 B'] },
        { rows: [coffee(), coffee(), coffee()], kept: ['txn_1 -3.20 B', 'txn_2 -3.20 B', 'txn_3 -3.20 B'] },
      ],
    ],
    [
      'never collide: one that is known by its content gets an id that another had',
      [
        {
          rows: [coffee({ bankTransactionId: 'b1' }), rent()],
          kept: ['txn_1 -3.20 B', 'txn_2 -500.00 B'],
        },
        {
          rows: [rent({ bankTransactionId: 'b1' })],
          from: '2026-01-01',
          kept: ['txn_1 -3.20 B', 'txn_2 -500.00 B'],
        },
        {
          rows: [rent({ bankTransactionId: 'b1' }), coffee({ entryReference: 'b1' })],
          kept: ['txn_1 -3.20 B', 'txn_2 -500.00 B'],
        },
      ],
    ],
  ]);
});

describe('what a reply leaves out', () => {
  const all = [coffee({ bankTransactionId: 'b1' }), givenPending({ bankTransactionId: 'b2', amount: euros('-5.00') })];
  const both = ['txn_1 -3.20 B', 'txn_2 -5.00 P'];
  checkEach([
    [
      'stays when one reply was empty',
      [
        { rows: all, kept: both },
        { rows: [], kept: both },
        { rows: all, kept: both },
      ],
    ],
    [
      'is gone when two replies have left it out, and has its old id when it comes back',
      [
        { rows: all, kept: both },
        { rows: [], kept: both },
        { rows: [], kept: [] },
        { rows: all, kept: both },
      ],
    ],
    [
      'stays when rows or pages were left out',
      [
        { rows: all, kept: both },
        { rows: [], complete: false, kept: both },
        { rows: [], complete: false, kept: both },
      ],
    ],
    [
      'stays pending when the replies say nothing of pending ones',
      [
        { rows: all, kept: both },
        { rows: [], coversPending: false, kept: both },
        { rows: [], coversPending: false, kept: ['txn_2 -5.00 P'] },
      ],
    ],
    [
      'stays when the replies reach no further back than its day',
      [
        { rows: all.slice(0, 1), kept: both.slice(0, 1) },
        { rows: [], from: '2026-03-09', kept: both.slice(0, 1) },
        { rows: [], from: '2026-03-09', kept: both.slice(0, 1) },
      ],
    ],
    [
      'stays when the bank filters by value date and it was valued before',
      [
        { rows: [coffee({ valueDate: '2026-02-27' })], kept: ['txn_1 -3.20 B'] },
        { rows: [], from: '2026-03-02', kept: ['txn_1 -3.20 B'] },
        { rows: [], from: '2026-03-02', kept: ['txn_1 -3.20 B'] },
      ],
    ],
  ]);

  it('stays for six hours, however often the bank is asked meanwhile', () => {
    const account = keepAccount();
    account.take(all);
    for (const hours of [0, 1, 2, 2.9]) {
      account.wait(hours);
      expect(account.take([]).removed).toEqual([]);
    }
    account.wait(0.2);
    expect(account.take([]).removed).toHaveLength(2);
  });

  it('is counted from new when it came again in between', () => {
    const account = keepAccount();
    for (const rows of [all, [], all, [], all]) {
      expect(account.take(rows).removed).toEqual([]);
      account.wait(12);
    }
    expect(show(account)).toEqual(both);
  });

  it('has its old id for what it is by then: an announcement that was removed is booked days later', () => {
    const account = keepAccount();
    account.take([givenPending({ remittanceInformation: 'Table 5' })]);
    account.takeTwice([]);
    account.wait(48);
    expect(account.take([coffee({ remittanceInformation: 'Table 5' })]).added).toMatchObject([
      { id: 'txn_1', status: 'BOOKED' },
    ]);
  });
});

describe('an announcement', () => {
  checkEach([
    [
      'in other blanks and case is the same',
      [
        { rows: [givenPending()], kept: ['txn_1 -3.20 P'] },
        { rows: [givenPending({ counterpartyName: 'COFFEE  BAR' })], kept: ['txn_1 -3.20 P'] },
      ],
    ],
  ]);
});

describe('an announcement beside its booked row', () => {
  const pending = givenPending({ bankTransactionId: 'p1', valueDate: '2026-03-09' });
  const booked = coffee({ bankTransactionId: 'b1' });
  const numbered = { remittanceInformation: 'Invoice 4711' };
  checkEach([
    [
      'is one payment in one reply',
      [
        { rows: [pending, booked], kept: ['txn_1 -3.20 B'] },
        { rows: [booked, pending], kept: ['txn_1 -3.20 B'] },
        { rows: [booked], kept: ['txn_1 -3.20 B'] },
      ],
    ],
    [
      'is one payment that was announced before',
      [
        { rows: [pending], kept: ['txn_1 -3.20 P'] },
        { rows: [pending, booked], kept: ['txn_1 -3.20 B'] },
        { rows: [pending, booked], kept: ['txn_1 -3.20 B'] },
      ],
    ],
    [
      'is one payment without any day, where the text is an invoice’s',
      [{ rows: [givenPending(numbered), coffee(numbered)], kept: ['txn_1 -3.20 B'] }],
    ],
    [
      'is one payment by the payer’s own reference',
      [{ rows: [givenPending({ endToEndId: 'e1' }), coffee({ endToEndId: 'e1' })], kept: ['txn_1 -3.20 B'] }],
    ],
    [
      'is two where one number begins with the other',
      [
        {
          rows: [givenPending({ remittanceInformation: 'Invoice 47110' }), coffee(numbered)],
          kept: ['txn_1 -3.20 P', 'txn_2 -3.20 B'],
        },
      ],
    ],
    [
      'is two where nothing but price and shop agree',
      [{ rows: [givenPending(), coffee()], kept: ['txn_1 -3.20 P', 'txn_2 -3.20 B'] }],
    ],
    [
      'is two where two were announced',
      [
        { rows: [pending, { ...pending, bankTransactionId: 'p2' }], kept: ['txn_1 -3.20 P', 'txn_2 -3.20 P'] },
        { rows: [{ ...pending, bankTransactionId: 'p2' }, booked], kept: ['txn_1 -3.20 B', 'txn_2 -3.20 P'] },
        { rows: [booked, { ...booked, bankTransactionId: 'b2' }], kept: ['txn_1 -3.20 B', 'txn_2 -3.20 B'] },
      ],
    ],
  ]);
});

describe('a booked row given out again', () => {
  const plain = coffee({ bankTransactionId: 'b1', counterpartyName: 'Coffee Bar', remittanceInformation: 'Table 5' });
  checkEach(
    (
      [
        ['another id', { bankTransactionId: 'b2' }],
        [
          'another id and a date before its name',
          { bankTransactionId: 'b2', counterpartyName: '09.03.2026 Coffee Bar' },
        ],
        [
          'a date and a time in its text',
          { bankTransactionId: null, remittanceInformation: '2026-03-09T08:15 Table 5' },
        ],
        [
          'other blanks and case',
          { bankTransactionId: null, counterpartyName: 'COFFEE  BAR ', remittanceInformation: 'TABLE 5' },
        ],
        ['more behind its text', { bankTransactionId: 'b2', remittanceInformation: 'Table 5, thank you' }],
        ['less than before', { bankTransactionId: 'b2', counterpartyName: null }],
      ] as const
    ).map(([face, given]) => [
      `with ${face} is the same`,
      [
        { rows: [plain], kept: ['txn_1 -3.20 B'] },
        { rows: [{ ...plain, ...given }], kept: ['txn_1 -3.20 B'] },
        { rows: [plain], kept: ['txn_1 -3.20 B'] },
      ],
    ]),
  );

  checkEach(
    (
      [
        ['a date before its name', { counterpartyName: '09.03.2026 Coffee Bar' }],
        ['a date and a time in its text', { remittanceInformation: '2026-03-09T08:15 Table 5' }],
        ['less than before', { counterpartyName: null }],
      ] as const
    ).map(([face, given]) => [
      `with ${face} is the same, though it lies before the days asked for`,
      [
        { rows: [{ ...plain, bankTransactionId: null }], kept: ['txn_1 -3.20 B'] },
        { rows: [{ ...plain, bankTransactionId: null, ...given }], from: '2026-03-10', kept: ['txn_1 -3.20 B'] },
      ],
    ]),
  );
});

describe('a card payment booked with another amount', () => {
  const reserved = givenPending({
    amount: euros('-100.00'),
    counterpartyName: 'Shell 1234',
    valueDate: '2026-03-08',
    remittanceInformation: 'Card 5678 reserved',
  });
  const paid = coffee({ amount: euros('-61.20'), counterpartyName: 'SHELL 1234', remittanceInformation: 'Card 5678' });
  const one = [{ rows: [reserved], kept: ['txn_1 -100.00 P'] }];
  const two = ['txn_1 -100.00 P', 'txn_2 -61.20 B'];
  checkEach([
    ['is one payment by merchant and card', [...one, { rows: [paid], kept: ['txn_1 -61.20 B'] }]],
    [
      'is one payment by its id',
      [
        { rows: [{ ...reserved, bankTransactionId: 'b1' }], kept: ['txn_1 -100.00 P'] },
        { rows: [{ ...paid, bankTransactionId: 'b1', counterpartyName: 'Fuel' }], kept: ['txn_1 -61.20 B'] },
      ],
    ],
    ['is two by another card', [...one, { rows: [{ ...paid, remittanceInformation: 'Card 9999' }], kept: two }]],
    ['is two at another merchant', [...one, { rows: [{ ...paid, counterpartyName: 'Aral' }], kept: two }]],
    ['is two where the other is announced still', [...one, { rows: [reserved, paid], kept: two }]],
    ['is two weeks later', [...one, { rows: [{ ...paid, bookingDate: '2026-03-30' }], kept: two }]],
    [
      'is two where it is a refund',
      [...one, { rows: [{ ...paid, amount: euros('61.20') }], kept: ['txn_1 -100.00 P', 'txn_2 61.20 B'] }],
    ],
    ['is two where it is a transfer', [...one, { rows: [{ ...paid, counterpartyIban: 'DE2' }], kept: two }]],
  ]);
});

describe('pages that overlap', () => {
  const [a, b, c] = ['-1.00', '-2.00', '-3.00'].map((amount) => coffee({ amount: euros(amount) })) as [
    FetchedTransaction,
    FetchedTransaction,
    FetchedTransaction,
  ];
  it.each<[promise: string, pages: FetchedTransaction[][], rows: FetchedTransaction[]]>([
    ['are joined where they follow one another', [[a, b], [c]], [a, b, c]],
    [
      'are joined at the row that both have',
      [
        [a, b],
        [b, c],
      ],
      [a, b, c],
    ],
    [
      'are joined at the rows that both have',
      [
        [a, b, c],
        [b, c, a],
      ],
      [a, b, c, a],
    ],
    ['count a page that comes twice once', [[a, b], [a, b], [c]], [a, b, c]],
    [
      'count a row twice that says something else',
      [[a, b], [{ ...b, valueDate: '2026-03-10' }]],
      [a, b, { ...b, valueDate: '2026-03-10' }],
    ],
    ['count rows twice that are alike within a page', [[a, a], [b]], [a, a, b]],
    ['go over an empty page', [[a, b], [], [b, c]], [a, b, c]],
    [
      'compare what is made of several values',
      [[{ ...a, balanceAfter: euros('5.00') }], [{ ...a, balanceAfter: euros('5.00') }, b]],
      [{ ...a, balanceAfter: euros('5.00') }, b],
    ],
    [
      'do not mind what has no field',
      [[{ ...a, otherFields: { link: 1 } }], [{ ...a, otherFields: { link: 2 } }]],
      [{ ...a, otherFields: { link: 1 } }],
    ],
  ])('%s', (_promise, pages, rows) => {
    expect(joinPages(pages)).toEqual(rows);
  });
});

describe('what was stored before', () => {
  it('is known by whatever identity it has', () => {
    const rows = [
      { ...coffee({ bankTransactionId: 'b1' }), identity: 't:b1' },
      { ...rent({ entryReference: 'r1' }), identity: 'e:r1' },
      { ...coffee(), identity: 'f:5nDmXg0rEXvIuKwGbQ0zgA:0' },
      { ...coffee(), identity: 'f:5nDmXg0rEXvIuKwGbQ0zgA:1' },
      { ...givenPending(), identity: 'p:5nDmXg0rEXvIuKwGbQ0zgA:0' },
    ].map((row, i) => ({ ...row, id: `txn_old${i}`, missingSince: null }));
    const account = keepAccount(rows);
    expect(account.take(rows.map(({ id: _, identity: __, missingSince: ___, ...row }) => row))).toMatchObject({
      ...{ added: [], updated: [], missedIds: [] },
      unchangedCount: 5,
    });
  });
});
