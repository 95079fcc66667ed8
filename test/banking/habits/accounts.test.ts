import { describe, expect, test } from 'vitest';
import type { BankAccount } from '../../../src/banking/bank-port.ts';
import { attended, type BankReply, failureOf, givenAccount, learntOf, openBank, startFakeBank } from '../fake-bank.ts';
import { account, ownIban, refusal } from './bank-habits.ts';

const noCards = { 'card-accounts': 'none' };

async function listAccounts(
  replies: readonly Parameters<typeof startFakeBank>[0][],
  facts: Record<string, string> = noCards,
) {
  const fake = await startFakeBank(...replies);
  const bank = openBank(fake.url, {}, {}, learntOf(facts));
  return { ...(await bank.listAccounts(attended)), fake, bank };
}

const listed = (...accounts: unknown[]): BankReply => ({ body: { accounts } });
const eur = (resourceId: unknown, more: object = {}) => ({ resourceId, currency: 'EUR', ...more });
const resourceIds = (accounts: readonly BankAccount[]) => accounts.map(({ resourceId }) => resourceId);

describe('one bad account never costs the rest', () => {
  test.each<[what: string, bad: unknown, path: string]>([
    ['null', null, 'accounts.1'],
    ['a text', 'secret', 'accounts.1'],
    ['no id at all', { iban: ownIban, currency: 'EUR' }, 'accounts.1.resourceId'],
    ['an id that would leave its path', eur('../secret x'), 'accounts.1.resourceId'],
  ])('%s', async (_what, bad, path) => {
    const { accounts, faults, complete } = await listAccounts([listed(eur('a-1'), bad, eur('a-2'))]);
    expect(resourceIds(accounts)).toEqual(['a-1', 'a-2']);
    expect(faults).toEqual([{ path, kind: expect.any(String) }]);
    expect(complete).toBe(true);
    expect(JSON.stringify(faults)).not.toContain('secret');
  });
});

describe('an account is taken as what it means', () => {
  test.each<[what: string, given: object, expected: Partial<BankAccount>]>([
    ['an id as a number', eur(4711), { resourceId: '4711' }],
    [
      'an id in its links alone',
      { currency: 'EUR', _links: { balances: { href: '/psd2/v1/accounts/a%2F7/balances' } } },
      { resourceId: 'a/7' },
    ],
    ['a name as a number', eur('a-1', { name: 1 }), { name: '1' }],
    ['a currency in lower case', { resourceId: 'a-1', currency: 'chf' }, { currency: 'CHF' }],
    [
      'no currency but that of its balances',
      { resourceId: 'a-1', balances: [{ balanceType: 'expected', balanceAmount: { amount: 1, currency: 'CHF' } }] },
      { currency: 'CHF' },
    ],
    ['no currency at all', { resourceId: 'a-1' }, { currency: 'XXX' }],
    ['a phone number', eur('a-1', { msisdn: '+49 170 1' }), { otherIdentification: '+49 170 1' }],
    ['a proprietary number', eur('a-1', { other: { identification: 'P-1' } }), { otherIdentification: 'P-1' }],
    ['an IBAN that is none', eur('a-1', { iban: '12345' }), { iban: null, otherIdentification: '12345' }],
    ['a whole card number', eur('a-1', { pan: '5409050000001234' }), { maskedPan: '************1234' }],
    ['its owners', eur('a-1', { ownerNames: [{ name: 'Anna' }, { name: 'Ben' }] }), { ownerName: 'Anna, Ben' }],
    ['a blocked one', eur('a-1', { status: 'BLOCKED' }), { state: 'BLOCKED' }],
  ])('%s', async (_what, given, expected) => {
    expect((await listAccounts([listed(given)])).accounts).toMatchObject([expected]);
  });
});

describe('the list', () => {
  test.each<[what: string, reply: BankReply]>([
    ['204', { status: 204 }],
    ['accounts: null', { body: { accounts: null } }],
    ['accounts: []', { body: { accounts: [] } }],
  ])('%s has none', async (_what, reply) => {
    expect(await listAccounts([reply])).toMatchObject({ accounts: [], faults: [], complete: true });
  });

  test.each<[what: string, reply: BankReply]>([
    ['an empty body', { raw: '' }],
    ['no accounts', { body: {} }],
    ['an error that calls itself a success', refusal(200, 'CONSENT_INVALID')],
  ])('%s is no list', async (_what, reply) => {
    const fake = await startFakeBank(reply);
    expect((await failureOf(openBank(fake.url).listAccounts(attended))).code).toBe('MALFORMED_REPLY');
  });

  test('one account where a list is meant, and a bare list', async () => {
    expect((await listAccounts([{ body: { accounts: eur('a-1') } }])).accounts).toHaveLength(1);
    expect((await listAccounts([{ body: [eur('a-1'), eur('a-2')] }])).accounts).toHaveLength(2);
  });

  test('comes in pages, of which the last may name itself', async () => {
    const page = (id: string): BankReply => ({
      body: { accounts: [eur(id)], _links: { next: { href: '/v1/accounts?page=2' } } },
    });
    const { accounts, complete, fake } = await listAccounts([page('a-1'), page('a-2')]);
    expect(resourceIds(accounts)).toEqual(['a-1', 'a-2']);
    expect(complete).toBe(true);
    expect(fake.requests).toHaveLength(2);
  });

  test('of which a page is refused is not complete, and what was read stays', async () => {
    const page = { body: { accounts: [eur('a-1')], _links: { next: { href: '/v1/accounts?page=2' } } } };
    expect(await listAccounts([page, refusal(403)])).toMatchObject({
      accounts: [{ resourceId: 'a-1' }],
      complete: false,
    });
    const fake = await startFakeBank(page, refusal(401, 'CONSENT_EXPIRED'));
    expect((await failureOf(openBank(fake.url).listAccounts(attended))).code).toBe('CONSENT_EXPIRED');
  });

  test('an aggregate beside its sub-accounts is not read twice', async () => {
    const sub = { resourceId: 'eur', iban: ownIban, currency: 'EUR' };
    const aggregate = { resourceId: 'all', iban: ownIban, currency: 'XXX' };
    const alone = { resourceId: 'other', iban: 'DE89370400440532013000', currency: 'XXX' };
    const { accounts } = await listAccounts([
      listed(aggregate, sub, { ...sub, resourceId: 'usd', currency: 'USD' }, alone),
    ]);
    expect(resourceIds(accounts)).toEqual(['eur', 'usd', 'other']);
  });
});

describe('card accounts', () => {
  const card = { resourceId: 'c-1', maskedPan: '123456xxxxxx1234', currency: 'EUR' };

  test('are listed as accounts of kind CARD, and asked for again each time, the ledger before the bank', async () => {
    const fake = await startFakeBank(({ url }) =>
      url === '/v1/card-accounts' ? { body: { cardAccounts: [card] } } : listed(eur('a-1')),
    );
    const bank = openBank(fake.url, {}, {}, learntOf({}));
    const counted: number[] = [];
    for (let time = 0; time < 2; time += 1) {
      const list = await bank.listAccounts(attended, {
        beforeCardAccounts: async () =>
          void counted.push(fake.requests.filter(({ url }) => url === '/v1/card-accounts').length),
      });
      expect(list.accounts).toMatchObject([
        { resourceId: 'a-1', kind: 'CASH' },
        { resourceId: 'c-1', kind: 'CARD' },
      ]);
    }
    expect(counted).toEqual([0, 1]);
  });

  test.each([403, 404, 405])('%i says that the bank has none, and is remembered', async (status) => {
    const fake = await startFakeBank(({ url }) => (url === '/v1/card-accounts' ? refusal(status) : listed(eur('a-1'))));
    const bank = openBank(fake.url, {}, {}, learntOf({}));
    for (let time = 0; time < 2; time += 1) {
      expect(await bank.listAccounts(attended)).toMatchObject({ accounts: [{ resourceId: 'a-1' }], complete: true });
    }
    expect(fake.requests.filter(({ url }) => url === '/v1/card-accounts')).toHaveLength(1);
  });

  test('that a bank with some does not give make the list incomplete, and cost it nothing', async () => {
    const replies = [listed(eur('a-1')), { status: 503 }];
    const fake = await startFakeBank(({ url }) =>
      url === '/v1/card-accounts' ? (replies[1] ?? {}) : (replies[0] ?? {}),
    );
    const bank = openBank(fake.url, {}, {}, learntOf({ 'card-accounts': 'has' }));
    expect(await bank.listAccounts(attended)).toMatchObject({ accounts: [{ resourceId: 'a-1' }], complete: false });
  });

  test('that both lists name are read once', async () => {
    const { accounts } = await listAccounts([listed(eur('c-1')), { body: { cardAccounts: [card] } }], {});
    expect(resourceIds(accounts)).toEqual(['c-1']);
  });
});

describe('balances', () => {
  async function readBalances(reply: BankReply, given: BankAccount = account) {
    const fake = await startFakeBank(reply);
    return await openBank(fake.url).readBalances(given, attended);
  }

  test.each<[what: string, reply: BankReply]>([
    ['missing', { body: { account: { iban: ownIban } } }],
    ['null', { body: { balances: null } }],
    ['204', { status: 204 }],
    ['an empty body', { raw: '' }],
  ])('%s: without', async (_what, reply) => {
    expect(await readBalances(reply)).toEqual({ balances: [], faults: [] });
  });

  test('under a name that is none of the protocol’s are malformed, not missing', async () => {
    const body = { data: { balances: [{ balanceType: 'expected', balanceAmount: { amount: 1, currency: 'EUR' } }] } };
    expect(await failureOf(readBalances({ body }))).toMatchObject({
      code: 'MALFORMED_REPLY',
      message: expect.stringContaining("'data.balances'"),
    });
  });

  test.each<[status: number, code?: string]>([
    [401],
    [403],
    [404],
    [405],
    [404, 'RESOURCE_UNKNOWN'],
    [401, 'CONSENT_INVALID'],
  ])('refused for one account with %i %s: without, and the account goes on', async (status, code) => {
    expect(await readBalances(refusal(status, code))).toEqual({
      balances: [],
      faults: [{ path: 'balances', kind: 'refused' }],
    });
  });

  test.each([
    [401, 'CONSENT_EXPIRED'],
    [401, 'TOKEN_EXPIRED'],
    [429, 'ACCESS_EXCEEDED'],
    [503, undefined],
  ] as const)('%i %s concerns more than this account', async (status, code) => {
    const fake = await startFakeBank(refusal(status, code));
    await failureOf(openBank(fake.url).readBalances(account, attended));
  });

  test('flat ones are read where they say what they are, and left out where they do not', async () => {
    const balances = [
      { balanceType: 'expected', amount: '1.00', currency: 'EUR' },
      { amount: '2.00', currency: 'EUR' },
      { balanceAmount: { amount: '3.00', currency: 'EUR' } },
    ];
    const read = await readBalances({ body: { balances } });
    expect(read.balances).toMatchObject([{ type: 'expected', amount: { amount: '1.00', currency: 'EUR' } }]);
    expect(read.faults).toEqual([
      { path: 'balances.1.balanceType', kind: 'missing' },
      { path: 'balances.2.balanceType', kind: 'missing' },
    ]);
    expect(await readBalances({ body: { amount: '2.00', currency: 'EUR' } })).toMatchObject({ balances: [] });
  });

  test('numbers, an indicator, and a currency that is the account’s', async () => {
    const balances = [
      { balanceType: 'expected', balanceAmount: { amount: 12.5 } },
      {
        balanceType: 'closingBooked',
        balanceAmount: { amount: '5,00', currency: 'eur' },
        creditDebitIndicator: 'DBIT',
        referenceDate: '09.03.2026',
      },
    ];
    expect((await readBalances({ body: { balances } })).balances).toMatchObject([
      { amount: { amount: '12.50', currency: 'EUR' } },
      { amount: { amount: '-5.00', currency: 'EUR' }, referenceDate: '2026-03-09' },
    ]);
  });

  test('are not asked for where the bank’s list has no link to them', async () => {
    const links = { transactions: { href: '/v1/accounts/a-1/transactions' } };
    const { accounts, bank, fake } = await listAccounts([listed(eur('a-1', { _links: links }))]);
    expect(await bank.readBalances(accounts[0] ?? givenAccount(), attended)).toEqual({ balances: [], faults: [] });
    expect(fake.requests).toHaveLength(1);
  });
});
