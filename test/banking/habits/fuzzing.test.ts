import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BankFailure } from '../../../src/banking/bank-failure.ts';
import { readAccounts } from '../../../src/banking/berlin-group/account-list.ts';
import { readBalances } from '../../../src/banking/berlin-group/balance-reading.ts';
import { createBerlinGroupBank } from '../../../src/banking/berlin-group/berlin-group-bank.ts';
import { parseJson } from '../../../src/banking/berlin-group/json-text.ts';
import { readReport, UnreadableReport } from '../../../src/banking/berlin-group/report-reading.ts';
import { fixedClock } from '../../support/fixed-clock.ts';
import { attended, type BankReply, bankEntry, collect, learntOf, now, startFakeBank } from '../fake-bank.ts';
import { account, ownIban, query } from './bank-habits.ts';

const context = { currency: 'EUR', iban: ownIban, isReversed: false };

const whole = {
  account: { iban: ownIban },
  transactions: {
    booked: [
      {
        transactionId: 't-1',
        entryReference: 'e',
        bookingDate: '2026-03-01',
        bookingDateTime: '2026-03-01T10:00:00Z',
        transactionAmount: { amount: '-11.00', currency: 'EUR' },
        creditDebitIndicator: 'DBIT',
        currencyExchange: [{ sourceCurrency: 'USD', exchangeRate: '1.1', targetCurrency: 'EUR' }],
        creditorName: 'Shop &amp; Co',
        creditorAccount: { iban: 'FR7630006000011234567890189' },
        debtorAccount: { iban: ownIban },
        remittanceInformationUnstructuredArray: ['a', 'b'],
        remittanceInformationStructured: { reference: 'RF18' },
        entryDetails: [{ endToEndId: 'x', creditorAgent: { bicfi: 'AGFBFRCC' } }],
        bankTransactionCode: { domain: { code: 'PMNT', family: { code: 'RCDT', subFamilyCode: 'ESCT' } } },
        balanceAfterTransaction: { balanceAmount: { amount: '1.00', currency: 'EUR' }, balanceType: 'expected' },
        other: { deep: [{ deeper: [1, 2, { x: 'y' }] }] },
      },
    ],
    pending: [{ transactionAmount: { amount: 5, currency: 'EUR' } }],
    _links: { next: { href: '/v1/accounts/a-1/transactions?bookingStatus=both&page=2' }, download: 'x' },
  },
};
const list = {
  accounts: [
    {
      resourceId: 'a',
      iban: ownIban,
      currency: 'EUR',
      balances: [{ balanceType: 'x', balanceAmount: { amount: '1', currency: 'EUR' } }],
      _links: { next: 'x' },
    },
  ],
};

/** A valid reply in which some values are others. */
function mutated(value: unknown, random: () => number, depth = 0): unknown {
  const strange: unknown[] = [
    null,
    '',
    0,
    -0,
    1e308,
    'x',
    [],
    {},
    [[]],
    true,
    '\u0000\ud800',
    '__proto__',
    { toString: null },
    'constructor',
    '9'.repeat(400),
    '&#x110000;',
    '\\U0010ffff',
    '-',
    '.',
    'E9',
  ];
  if (random() < 0.06) return strange[Math.floor(random() * strange.length)];
  if (Array.isArray(value)) {
    const items = value.map((item) => mutated(item, random, depth + 1));
    return random() < 0.1 ? [...items, ...items, null] : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      random() < 0.04 ? `${name}x` : name,
      mutated(member, random, depth + 1),
    ]),
  );
}

const seeds = fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }));

function readWithoutHarm(text: string, contentType: string | null = null): void {
  try {
    const report = readReport({ text, contentType }, context);
    // What is read can be stored: no NUL, no half of a character, and amounts that are decimals.
    expect(JSON.stringify(report.transactions)).not.toMatch(/\\u0000|\\ud[89a-f]/i);
    for (const { amount } of report.transactions) expect(amount.amount).toMatch(/^-?\d{1,15}(\.\d{1,12})?$/);
  } catch (error) {
    expect(error).toBeInstanceOf(UnreadableReport);
  }
}

test('a mutated reply is read, or refused with a reason', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const next = () => seed.next().value as number;
      readWithoutHarm(JSON.stringify(mutated(whole, next)));
      const accounts = mutated(list, next) as { accounts?: unknown };
      for (const { account: read } of readAccounts(accounts?.accounts, 'CARD').listed) {
        expect(read.resourceId).toMatch(/^[\x21-\x7e]+$/);
      }
      readBalances(mutated(list.accounts[0]?.balances, next), context);
    }),
    { numRuns: 5_000 },
  );
});

test('any JSON, and any text, is read, or refused with a reason', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (json) => {
      readWithoutHarm(JSON.stringify(json));
      readWithoutHarm(JSON.stringify({ transactions: json }));
      readWithoutHarm(JSON.stringify({ transactions: { booked: json, _links: json } }));
      readAccounts(json, 'CASH');
      readBalances(json, context);
    }),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.constantFrom('', '{', '<', ':20:', '--b\r\na:\r\n\r\n', '[1', '\ufeff'),
      (text, start) => {
        readWithoutHarm(start + text);
        readWithoutHarm(start + text, 'multipart/mixed; boundary=b');
        parseJson(start + text);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('cut and twisted bytes of a valid reply are read, or refused with a reason', () => {
  const text = JSON.stringify(whole);
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(text.length), fc.string({ maxLength: 3 }), (from, to, inserted) => {
      readWithoutHarm(text.slice(0, from));
      readWithoutHarm(text.slice(0, Math.min(from, to)) + inserted + text.slice(Math.max(from, to)));
    }),
    { numRuns: 2_000 },
  );
});

test.each<[what: string, text: string]>([
  ['lists in lists', '['.repeat(200_000)],
  ['lists in lists that end', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['objects in objects', '{"a":'.repeat(100_000)],
  [
    'a deep other field',
    `{"transactions":{"booked":[{"transactionAmount":{"amount":1,"currency":"EUR"},"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}]}}`,
  ],
  [
    'a deep one with a long number',
    `{"a":12345678901234567890,"transactions":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
  ],
  [
    'a long row of digits',
    `{"transactions":{"booked":[{"transactionAmount":{"amount":"${'1'.repeat(1_000_000)}","currency":"EUR"}}]}}`,
  ],
  [
    'an exponent',
    '{"transactions":{"booked":[{"transactionAmount":{"amount":"1e99","currency":"EUR"}},{"transactionAmount":1e400}]}}',
  ],
  [
    'blanks',
    `{"transactions":{"booked":[{"transactionAmount":{"amount":1,"currency":"EUR"},"creditorName":"${' &'.repeat(500_000)}"}]}}`,
  ],
  ['dashes', `--${'-'.repeat(1_000_000)}`],
])('%s do no harm, and take no time', (_what, text) => {
  const begin = performance.now();
  readWithoutHarm(text);
  expect(performance.now() - begin).toBeLessThan(2_000);
});

test('whatever replies a bank gives in turn, reading ends, and fails with nothing but a BankFailure', {
  timeout: 120_000,
}, async () => {
  const reply = fc.oneof(
    {
      weight: 4,
      arbitrary: seeds.map((seed): BankReply => ({ body: mutated(whole, () => seed.next().value as number) })),
    },
    { weight: 1, arbitrary: fc.jsonValue().map((body): BankReply => ({ body })) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 100 }).map((raw): BankReply => ({ raw })) },
    {
      weight: 2,
      arbitrary: fc.record({
        status: fc.constantFrom(204, 301, 400, 401, 403, 404, 405, 406, 409, 429, 500, 503),
        body: fc.jsonValue(),
      }),
    },
  );
  let replies: BankReply[] = [];
  const fake = await startFakeBank(() => replies.shift() ?? { body: {} });
  await fc.assert(
    fc.asyncProperty(fc.array(reply, { minLength: 1, maxLength: 6 }), async (given) => {
      replies = [...given];
      const deps = { clock: fixedClock(now), learnt: learntOf({}) };
      const bank = createBerlinGroupBank(bankEntry(fake.url), deps);
      const work = async () => {
        const { accounts } = await bank.listAccounts(attended);
        for (const found of [...accounts.slice(0, 2), account]) {
          await bank.readBalances(found, attended);
          await collect(bank.listTransactions(found, query, attended));
        }
      };
      const outcome = await work().catch((error: unknown) => error);
      expect(
        outcome === undefined || outcome instanceof BankFailure,
        String((outcome as Error | undefined)?.stack),
      ).toBe(true);
      await bank.close();
    }),
    { numRuns: 150 },
  );
  // What was asked was asked of links that the mutations made.
  fake.requests.length = 0;
});
