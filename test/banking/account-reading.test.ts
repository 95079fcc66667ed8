import { describe, expect, test } from 'vitest';
import {
  attended,
  collect,
  failureOf,
  givenAccount,
  givenTransaction,
  openBank,
  startFakeBank,
  unattended,
} from './fake-bank.ts';

const iban = 'DE02120300000000202051';
const account = givenAccount();
const query = { dateFrom: '2025-12-10' };
const money = (amount: string, currency = 'EUR') => ({ amount, currency });
const page = (transactions: object, rest: object = {}) => ({ body: { transactions, ...rest } });

describe('accounts', () => {
  test('are read under the consent, and the end user is named when present', async () => {
    const fake = await startFakeBank({ body: { accounts: [] } });
    const bank = openBank(fake.url);
    expect(await bank.listAccounts(attended)).toEqual({ accounts: [], faults: [], complete: true });
    expect(fake.request()).toMatchObject({ method: 'GET', url: '/v1/accounts', rawBody: '' });
    expect(fake.request().headers).toMatchObject({
      accept: 'application/json',
      'consent-id': 'consent-1',
      'psu-ip-address': '192.0.2.7',
      'psu-user-agent': 'Test Browser/1.0',
      'x-request-id': expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    });
  });

  test('nothing speaks for the end user when nobody is there', async () => {
    const fake = await startFakeBank({ body: { accounts: [] } }, { body: { balances: [] } }, page({}));
    const bank = openBank(fake.url);
    await bank.listAccounts(unattended);
    await bank.readBalances(account, unattended);
    await collect(bank.listTransactions(account, query, unattended));
    const names = fake.requests.flatMap(({ headers }) => Object.keys(headers));
    expect(fake.requests).toHaveLength(3);
    expect(names.filter((name) => name.startsWith('psu-'))).toEqual([]);
  });

  test('every call has a request id of its own', async () => {
    const fake = await startFakeBank({ body: { accounts: [] } });
    const bank = openBank(fake.url);
    await bank.listAccounts(attended);
    await bank.listAccounts(attended);
    expect(fake.request(0).headers['x-request-id']).not.toBe(fake.request(1).headers['x-request-id']);
  });

  test('an IPv4 address in IPv6 clothes goes out as IPv4', async () => {
    const fake = await startFakeBank({ body: { accounts: [] } });
    const psu = { ipAddress: '::ffff:192.0.2.9', userAgent: 'a\r\nb' };
    await openBank(fake.url).listAccounts({ ...attended, psu });
    expect(fake.request().headers['psu-ip-address']).toBe('192.0.2.9');
    expect(fake.request().headers['psu-user-agent']).toBeUndefined();
  });

  test('for an end user who has IPv6 alone our own address goes out, where the operator has named it', async () => {
    const fake = await startFakeBank({ body: { accounts: [] } });
    const access = { ...attended, psu: { ipAddress: '2001:db8::1' } };
    await openBank(fake.url, { ownIpAddress: '198.51.100.4' }).listAccounts(access);
    expect(fake.request().headers['psu-ip-address']).toBe('198.51.100.4');
  });

  test('come as the bank gives them, unknown fields and codes let through', async () => {
    const full = {
      resourceId: 'a-1',
      iban: 'de02 1203 0000 0000 2020 51',
      bic: 'BYLADEM1001',
      currency: 'EUR',
      name: ' Giro ',
      ownerName: 'Anna Beispiel',
      product: 'Girokonto Plus',
      cashAccountType: 'NEWCODE',
      usage: 'PRIV',
      details: 'since 1999',
      status: 'enabled',
      balances: [{ balanceType: 'ownBalance', balanceAmount: money('-0.5'), referenceDate: '2026-03-09', more: 1 }],
      somethingNew: { a: [1] },
    };
    const sparse = {
      resourceId: 'a-2',
      bban: '0012345',
      currency: 'XXX',
      name: '',
      displayName: 'Reise',
      iban: null,
      status: 'blocked',
      balances: [],
    };
    const gone = { resourceId: 'a-3', currency: 'EUR', status: 'deleted' };
    const fake = await startFakeBank({ body: { accounts: [full, sparse, gone], extra: true } });
    const { accounts, faults, complete } = await openBank(fake.url).listAccounts(attended);
    expect({ faults, complete }).toEqual({ faults: [], complete: true });
    expect(accounts).toEqual([
      givenAccount({
        iban,
        bic: 'BYLADEM1001',
        name: 'Giro',
        ownerName: 'Anna Beispiel',
        product: 'Girokonto Plus',
        type: 'NEWCODE',
        usage: 'PRIV',
        details: 'since 1999',
        balances: [
          {
            type: 'ownBalance',
            amount: money('-0.50'),
            creditLimitIncluded: null,
            referenceDate: '2026-03-09',
            lastChangedAt: null,
          },
        ],
      }),
      givenAccount({ resourceId: 'a-2', bban: '0012345', currency: 'XXX', name: 'Reise', state: 'BLOCKED' }),
    ]);
  });

  test.each<[why: string, account: object]>([
    ['no resource id', { currency: 'EUR' }],
    ['a resource id that would leave its path', { resourceId: '..', currency: 'EUR' }],
  ])('an account with %s is left out, and told without its values', async (_why, account) => {
    const fake = await startFakeBank({
      body: {
        accounts: [
          { ...account, iban },
          { resourceId: 'a-1', currency: 'EUR' },
        ],
      },
    });
    const list = await openBank(fake.url).listAccounts(attended);
    expect(list.accounts.map(({ resourceId }) => resourceId)).toEqual(['a-1']);
    expect(list.faults).toEqual([{ path: 'accounts.0.resourceId', kind: 'missing' }]);
  });
});

describe('balances', () => {
  test('are exact, in the currency’s own digits', async () => {
    const balances = [
      { balanceType: 'closingBooked', balanceAmount: money('00012345678901234.5'), referenceDate: '2026-03-09' },
      { balanceType: 'expected', balanceAmount: money('1200', 'JPY'), referenceDate: null, creditLimitIncluded: true },
      {
        balanceType: 'interimAvailable',
        balanceAmount: money('-0.00'),
        lastChangeDateTime: '2026-03-09T08:00:00+01:00',
      },
    ];
    const fake = await startFakeBank({ body: { account: { iban }, balances } });
    const nothing = { creditLimitIncluded: null, referenceDate: null, lastChangedAt: null };
    const read = await openBank(fake.url).readBalances(givenAccount({ resourceId: 'a 1/2' }), attended);
    expect(read).toEqual({
      balances: [
        { ...nothing, type: 'closingBooked', amount: money('12345678901234.50'), referenceDate: '2026-03-09' },
        { ...nothing, type: 'expected', amount: money('1200', 'JPY'), creditLimitIncluded: true },
        { ...nothing, type: 'interimAvailable', amount: money('0.00'), lastChangedAt: '2026-03-09T07:00:00.000Z' },
      ],
      faults: [],
    });
    expect(fake.request().url).toBe('/v1/accounts/a%201%2F2/balances');
  });

  test.each(['1,234', 'a lot', '', '1.2.3', '9999999999999999', null])(
    'an amount of %j is none: that balance is left out',
    async (amount) => {
      const fake = await startFakeBank({
        body: {
          balances: [
            { balanceType: 'expected', balanceAmount: { amount, currency: 'EUR' } },
            { balanceType: 'closingBooked', balanceAmount: money('1.00') },
          ],
        },
      });
      const read = await openBank(fake.url).readBalances(account, attended);
      expect(read.balances.map(({ type }) => type)).toEqual(['closingBooked']);
      expect(read.faults).toMatchObject([{ path: 'balances.0.balanceAmount' }]);
    },
  );
});

describe('transactions', () => {
  test('are asked for from a day on, booked and pending', async () => {
    const fake = await startFakeBank(page({ booked: [] }));
    const bank = openBank(fake.url);
    expect(await collect(bank.listTransactions(account, query, attended))).toEqual([
      { transactions: [], faults: [], skippedRows: 0, coversPending: true, complete: true, format: 'json' },
    ]);
    await collect(bank.listTransactions(account, { ...query, dateTo: '2026-03-10' }, attended));
    expect(fake.request(0).url).toBe('/v1/accounts/a-1/transactions?bookingStatus=both&dateFrom=2025-12-10');
    expect(fake.request(1).url).toBe(`${fake.request(0).url}&dateTo=2026-03-10`);
  });

  test('name the other side by the sign, never the account’s owner', async () => {
    const sides = {
      creditorName: 'Shop GmbH',
      creditorAccount: { iban },
      debtorName: 'Arbeitgeber AG',
      debtorAccount: { iban: 'FR7630006000011234567890189' },
    };
    const booked = [
      { transactionAmount: money('-12.3'), ...sides },
      { transactionAmount: money('1200'), ...sides },
      { transactionAmount: money('-1'), ultimateCreditor: 'Behind It', creditorAccount: { bban: '1' } },
    ];
    const fake = await startFakeBank(page({ booked }));
    const [page1] = await collect(openBank(fake.url).listTransactions(account, query, attended));
    expect(page1?.transactions).toMatchObject([
      { amount: money('-12.30'), counterpartyName: 'Shop GmbH', counterpartyIban: iban },
      { amount: money('1200.00'), counterpartyName: 'Arbeitgeber AG', counterpartyIban: 'FR7630006000011234567890189' },
      { counterpartyName: 'Behind It', counterpartyIban: null },
    ]);
  });

  test('come whole, with null for what the bank leaves out', async () => {
    const booked = {
      transactionId: 't-1',
      entryReference: 'e-1',
      endToEndId: 'NOTPROVIDED',
      bookingDate: '2026-03-01',
      valueDate: '2026-03-02',
      transactionAmount: money('-5.00'),
      remittanceInformationUnstructured: ' Rent\0 March \ud800',
      bankTransactionCode: 'PMNT-ICDT-STDO',
      proprietaryBankTransactionCode: '116',
      balanceAfterTransaction: { anything: true },
    };
    const pending = { transactionAmount: money('7.00', 'CHF'), bookingDate: '', proprietaryBankTransactionCode: '166' };
    const fake = await startFakeBank(page({ booked: [booked], pending: [pending], information: [{}] }));
    const [read] = await collect(openBank(fake.url).listTransactions(account, query, attended));
    expect(read?.transactions).toEqual([
      givenTransaction({
        bankTransactionId: 't-1',
        entryReference: 'e-1',
        amount: money('-5.00'),
        bookingDate: '2026-03-01',
        valueDate: '2026-03-02',
        remittanceInformation: 'Rent March \ufffd',
        endToEndId: 'NOTPROVIDED',
        bankTransactionCode: 'PMNT-ICDT-STDO',
        proprietaryBankTransactionCode: '116',
        otherFields: { balanceAfterTransaction: { anything: true } },
      }),
      givenTransaction({ status: 'PENDING', amount: money('7.00', 'CHF'), proprietaryBankTransactionCode: '166' }),
    ]);
  });

  test.each<[what: string, fields: object, remittance: string | null]>([
    ['several lines', { remittanceInformationUnstructuredArray: ['Invoice 12', '', 'March '] }, 'Invoice 12 March'],
    ['a structured reference', { remittanceInformationStructured: 'RF18539007547034' }, 'RF18539007547034'],
    ['one of an older version', { remittanceInformationStructured: { reference: 'RF18', referenceType: 'x' } }, 'RF18'],
    [
      'several references',
      { remittanceInformationStructuredArray: [{ reference: 'RF1' }, { reference: 'RF2' }] },
      'RF1 RF2',
    ],
    ['nothing', { remittanceInformationUnstructured: '', remittanceInformationUnstructuredArray: [] }, null],
  ])('remittance information may be %s', async (_what, fields, remittance) => {
    const fake = await startFakeBank(page({ booked: [{ transactionAmount: money('1.00'), ...fields }] }));
    const [page1] = await collect(openBank(fake.url).listTransactions(account, query, attended));
    expect(page1?.transactions[0]?.remittanceInformation).toBe(remittance);
  });

  test.each<[what: string, link: (url: string) => unknown]>([
    ['absolute', (url) => ({ href: `${url}/v1/accounts/a-1/transactions?bookingStatus=both&page=2` })],
    ['relative to the origin', () => ({ href: '/v1/accounts/a-1/transactions?bookingStatus=both&page=2' })],
    ['relative to the page', () => ({ href: '?bookingStatus=both&page=2' })],
    ['a bare string', () => '/v1/accounts/a-1/transactions?bookingStatus=both&page=2'],
  ])('the next page’s link may be %s', async (_what, link) => {
    const entry = (transactionId: string) => ({ transactionId, transactionAmount: money('1.00') });
    const fake = await startFakeBank(
      () => page({ booked: [entry('t-1')], _links: { account: { href: '/x' }, next: link(fake.url) } }),
      () => page({ booked: [entry('t-2')], _links: {} }),
    );
    const pages = await collect(openBank(fake.url).listTransactions(account, query, unattended));
    expect(pages.map(({ transactions }) => transactions.map(({ bankTransactionId }) => bankTransactionId))).toEqual([
      ['t-1'],
      ['t-2'],
    ]);
    expect(fake.request(1)).toMatchObject({ url: '/v1/accounts/a-1/transactions?bookingStatus=both&page=2' });
    expect(fake.request(1).headers['consent-id']).toBe('consent-1');
  });

  test('a page is asked for only when it is wanted', async () => {
    const fake = await startFakeBank(
      page({ booked: [], _links: { next: { href: '?bookingStatus=both&page=2' } } }),
      page({ booked: [] }),
    );
    const pages = openBank(fake.url).listTransactions(account, query, attended)[Symbol.asyncIterator]();
    await pages.next();
    expect(fake.requests).toHaveLength(1);
    await pages.return?.();
    expect(fake.requests).toHaveLength(1);
  });

  test.each([
    'https://evil.example/pages?of=accounts',
    '//evil.example/x',
    'http://127.0.0.1:1/v1',
    'javascript:alert(1)',
    'http://[',
  ])('a next page at %s is malformed, and nothing is sent there', async (href) => {
    const fake = await startFakeBank(page({ booked: [], _links: { next: { href } } }));
    const failure = await failureOf(collect(openBank(fake.url).listTransactions(account, query, attended)));
    expect(failure.code).toBe('MALFORMED_REPLY');
    expect(failure.message).toContain('a link leaves its own origin');
    expect(fake.requests).toHaveLength(1);
  });

  test('pages without an end are malformed, and what was read before was given', { timeout: 30_000 }, async () => {
    let count = 0;
    const endless = () => {
      count += 1;
      const entry = { transactionId: `t-${count}`, transactionAmount: money('1.00') };
      return page({ booked: [entry], _links: { next: { href: `?bookingStatus=both&page=${count}` } } });
    };
    const fake = await startFakeBank(endless);
    const failure = await failureOf(collect(openBank(fake.url).listTransactions(account, query, attended)));
    expect(failure.message).toContain('the pages of transactions do not end');
    expect(count).toBe(2_001);
  });

  test('a link written without the interface’s prefix is meant below the base URL', async () => {
    const fake = await startFakeBank(
      page({ booked: [], _links: { next: { href: '/v1/accounts/a-1/transactions?bookingStatus=both&page=2' } } }),
      page({ booked: [], _links: { next: { href: '/v1/accounts/a-1/transactions?bookingStatus=both&page=3' } } }),
      page({
        booked: [],
        _links: { next: { href: '/v1/xs2a/v1/accounts/a-1/transactions?bookingStatus=both&page=4' } },
      }),
      page({ booked: [] }),
    );
    fake.basePath = '/v1/xs2a';
    await collect(openBank(`${fake.url}/v1/xs2a`).listTransactions(account, query, attended));
    expect(fake.requests.slice(1).map(({ url }) => url)).toEqual([
      '/v1/xs2a/v1/accounts/a-1/transactions?bookingStatus=both&page=2',
      '/v1/xs2a/v1/accounts/a-1/transactions?bookingStatus=both&page=3',
      '/v1/xs2a/v1/accounts/a-1/transactions?bookingStatus=both&page=4',
    ]);
  });

  test('a bank that has no pending ones is asked for booked ones, and never again for both', async () => {
    const refusal = { status: 400, body: { tppMessages: [{ category: 'ERROR', code: 'PARAMETER_NOT_SUPPORTED' }] } };
    const fake = await startFakeBank(refusal, page({ booked: [] }), refusal, page({ booked: [] }));
    const bank = openBank(fake.url);
    await collect(bank.listTransactions(account, query, attended));
    await collect(bank.listTransactions(account, query, attended));
    const statuses = fake.requests.map(({ url }) => new URL(url, fake.url).searchParams.get('bookingStatus'));
    // The third is whether it has them apart: refused as well.
    expect(statuses).toEqual(['both', 'booked', 'pending', 'booked']);
  });

  test('a failure in a later page is a failure, and the pages before it were given', async () => {
    const fake = await startFakeBank(page({ booked: [], _links: { next: { href: '?bookingStatus=both&page=2' } } }), {
      status: 401,
      body: { tppMessages: [{ category: 'ERROR', code: 'CONSENT_EXPIRED' }] },
    });
    const pages: unknown[] = [];
    const reading = async () => {
      for await (const { transactions } of openBank(fake.url).listTransactions(account, query, unattended))
        pages.push(transactions);
    };
    expect((await failureOf(reading())).code).toBe('CONSENT_EXPIRED');
    expect(pages).toEqual([[]]);
  });
});
