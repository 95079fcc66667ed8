import { describe, expect, test } from 'vitest';
import {
  attended,
  type BankReply,
  collect,
  failureOf,
  givenAccount,
  learntOf,
  openBank,
  startFakeBank,
} from '../fake-bank.ts';
import { account, booked, ownIban, query, readRows, refusal } from './bank-habits.ts';

const row = (transactionId: string, amount = '1.00') => ({
  transactionId,
  transactionAmount: { amount, currency: 'EUR' },
});
const linked = (rows: unknown[], next: unknown): BankReply => ({
  body: { transactions: { booked: rows, _links: { next } } },
});
const ids = (rows: readonly { bankTransactionId: string | null }[]) =>
  rows.map(({ bankTransactionId }) => bankTransactionId);

const camt = (iban = ownIban) => `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.052.001.08"><BkToCstmrAcctRpt><GrpHdr><MsgId>1</MsgId></GrpHdr><Rpt><Id>1</Id>
<Acct><Id><IBAN>${iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Ntry><Amt Ccy="EUR">12.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-01</Dt></BookgDt>
<AcctSvcrRef>camt-1</AcctSvcrRef><NtryDtls><TxDtls><RltdPties><Cdtr><Pty><Nm>Shop</Nm></Pty></Cdtr></RltdPties></TxDtls></NtryDtls></Ntry>
</Rpt></BkToCstmrAcctRpt></Document>`;
const mt940 = [
  ':20:STARTUMS',
  ':25:12030000/0020205100',
  ':28C:1/1',
  ':60F:C260228EUR100,00',
  ':61:2603010301D12,50NMSCNONREF',
  ':86:116?00Ueberweisung?20Rechnung?32Shop',
  ':62F:C260301EUR87,50',
  '-',
].join('\r\n');

describe('a reply without transactions says that there are none', () => {
  test.each<[what: string, reply: BankReply]>([
    ['204', { status: 204 }],
    ['an empty body', { raw: '' }],
    ['blanks', { raw: ' \r\n' }],
    ['null', { raw: 'null' }],
    ['no transactions', { body: { account: { iban: ownIban } } }],
    ['transactions: null', { body: { transactions: null } }],
    ['booked: null', { body: { transactions: { booked: null, pending: null } } }],
    ['booked: {}', { body: { transactions: { booked: {} } } }],
    ['an empty list', { body: { transactions: [] } }],
    ['404 RESOURCE_UNKNOWN', refusal(404, 'RESOURCE_UNKNOWN')],
  ])('%s', async (_what, reply) => {
    const { pages } = await readRows([reply]);
    expect(pages).toMatchObject([
      { transactions: [], faults: [], skippedRows: 0, coversPending: true, complete: true },
    ]);
  });

  test('a success that is an error says nothing of them', async () => {
    const fake = await startFakeBank(refusal(200, 'SERVICE_UNAVAILABLE'));
    const failure = await failureOf(collect(openBank(fake.url).listTransactions(account, query, attended)));
    expect(failure).toMatchObject({ code: 'MALFORMED_REPLY', message: expect.stringContaining('SERVICE_UNAVAILABLE') });
  });
});

describe('a reply of another shape does not say that there are none, for what was there would count as withdrawn', () => {
  const rows = [row('t-1')];
  test.each<[what: string, body: unknown, path: string]>([
    ['an envelope of its own', { data: { transactions: { booked: rows } } }, 'data.transactions.booked'],
    [
      'another standard’s names',
      { Data: { Transaction: rows }, Links: { Self: '/x' }, Meta: { TotalPages: 1 } },
      'Data.Transaction',
    ],
    ['another language', { umsaetze: [{ betrag: '12,00', buchungstag: '01.03.2026' }] }, 'umsaetze'],
    ['errors in place of data', { errors: [{ message: 'secret' }] }, 'errors'],
    ['other lists within', { account: {}, transactions: { entries: rows } }, 'transactions.entries'],
    ['itself once more within', { transactions: { transactions: rows } }, 'transactions.transactions'],
    ['other card lists within', { cardTransactions: { posted: rows } }, 'transactions.posted'],
    ['names that are no names', { 'a secret': { DE02: rows } }, '?.?'],
    ['an envelope whose content is of no known shape', { result: { secret: 1 } }, 'result'],
  ])('%s', async (_what, body, path) => {
    const fake = await startFakeBank({ body });
    const failure = await failureOf(collect(openBank(fake.url).listTransactions(account, query, attended)));
    expect(failure).toMatchObject({ code: 'MALFORMED_REPLY', message: expect.stringContaining(`'${path}'`) });
    expect(failure.message).not.toContain('secret');
  });

  test('what stands beside no transactions at all is no other shape', async () => {
    const beside = { account: { iban: ownIban }, balances: [{}], _links: { account: { href: '/v1/accounts/a-1' } } };
    const { pages } = await readRows([
      { body: { ...beside, status: 'ok', page: { number: 1 }, warnings: [], notes: ['a'] } },
    ]);
    expect(pages).toMatchObject([{ transactions: [], faults: [], complete: true }]);
  });
});

describe('one bad row never costs the rest', () => {
  test.each<[what: string, bad: unknown, path: string, kind: string]>([
    ['null', null, '', 'not_an_object'],
    ['a text', 'secret', '', 'not_an_object'],
    ['a list', [1], '', 'not_an_object'],
    ['nothing in it', {}, '.transactionAmount', 'missing'],
    [
      'a word for an amount',
      { transactionAmount: { amount: 'secret', currency: 'EUR' } },
      '.transactionAmount',
      'not_a_decimal',
    ],
  ])('%s', async (_what, bad, path, kind) => {
    const { rows, pages } = await readRows([booked(row('t-1'), bad, row('t-2'))]);
    expect(ids(rows)).toEqual(['t-1', 't-2']);
    expect(pages[0]).toMatchObject({ faults: [{ path: `transactions.booked.1${path}`, kind }], skippedRows: 1 });
    expect(JSON.stringify(pages[0]?.faults)).not.toContain('secret');
  });

  test('one row where a list is meant, and a list of rows that say themselves what they are', async () => {
    expect(ids((await readRows([{ body: { transactions: { booked: row('t-1') } } }])).rows)).toEqual(['t-1']);
    const flat = [{ ...row('t-1'), bookingStatus: 'pending' }, row('t-2')];
    expect((await readRows([{ body: { transactions: flat } }])).rows).toMatchObject([
      { bankTransactionId: 't-1', status: 'PENDING' },
      { bankTransactionId: 't-2', status: 'BOOKED' },
    ]);
  });
});

describe('content counts, and no label', () => {
  test.each<[what: string, reply: BankReply, rows: object[]]>([
    [
      'JSON as text/plain',
      { headers: { 'content-type': 'text/plain' }, raw: JSON.stringify(booked(row('t-1')).body) },
      [{ bankTransactionId: 't-1' }],
    ],
    [
      'JSON with a byte order mark',
      { raw: `\ufeff${JSON.stringify(booked(row('t-1')).body)}` },
      [{ bankTransactionId: 't-1' }],
    ],
    [
      'camt as JSON',
      { headers: { 'content-type': 'application/json' }, raw: camt() },
      [{ amount: { amount: '-12.50', currency: 'EUR' }, bookingDate: '2026-03-01', counterpartyName: 'Shop' }],
    ],
    [
      'camt',
      { headers: { 'content-type': 'application/xml' }, raw: camt() },
      [{ status: 'BOOKED', amount: { amount: '-12.50' } }],
    ],
    [
      'MT940',
      { headers: { 'content-type': 'text/plain' }, raw: mt940 },
      [{ amount: { amount: '-12.50', currency: 'EUR' }, bookingDate: '2026-03-01', counterpartyName: 'Shop' }],
    ],
    ['MT940 without a label', { raw: `{1:F01}{4:\r\n${mt940}}` }, [{ amount: { amount: '-12.50' } }]],
    [
      'what is not UTF-8',
      {
        headers: { 'content-type': 'text/plain' },
        raw: Buffer.from(mt940.replace('?32Shop', '?32M\u00fcller'), 'latin1'),
      },
      [{ counterpartyName: 'M\u00fcller' }],
    ],
  ])('%s', async (_what, reply, rows) => {
    expect((await readRows([reply])).rows).toMatchObject(rows);
  });

  test('multipart: each part is read, JSON before the same in another format', async () => {
    const part = (type: string, body: string) => `--b1\r\nContent-Type: ${type}\r\n\r\n${body}\r\n`;
    const json = JSON.stringify(booked(row('t-1')).body);
    const reply = (...parts: string[]): BankReply => ({
      headers: { 'content-type': 'multipart/mixed; boundary="b1"' },
      raw: `preamble\r\n${parts.join('')}--b1--\r\n`,
    });
    const asJson = await readRows([reply(part('application/json', json), part('application/xml', camt()))]);
    expect(ids(asJson.rows)).toEqual(['t-1']);
    const asFiles = await readRows([
      reply(part('application/json', '{"transactions":{"_links":{}}}'), part('text/plain', mt940)),
    ]);
    expect(asFiles.rows).toMatchObject([{ amount: { amount: '-12.50' } }]);
    const encoded = `--b1\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(mt940).toString('base64')}\r\n`;
    expect((await readRows([reply(encoded)])).rows).toHaveLength(1);
  });

  test('statements of another account in the same file are not this one’s', async () => {
    const { rows, pages } = await readRows([{ raw: camt('DE89370400440532013000') }]);
    expect(rows).toEqual([]);
    expect(pages[0]?.faults).toEqual([{ path: 'statements', kind: 'of_another_account' }]);
  });

  const mt940Of = (bban: string) => {
    const number = `${bban.slice(0, 8)}/${bban.slice(8)}`;
    const rows = [':60F:C261101EUR1,00', ':61:2611021102C2,00NTRFNONREF', ':62F:C261102EUR3,00'];
    return [':20:A', `:25:${number}`, ':28C:1', ...rows, '-', ''].join('\r\n');
  };
  const bban = account.iban?.slice(4) ?? '';
  test.each<[what: string, accounts: string[], count: number]>([
    ['this account', [bban], 1],
    ['this account and another', [bban, '370400440532013000'], 1],
    ['an account in a way of the bank’s own', ['120300000020205100'], 1],
  ])('an MT940 names %s by bank code and number', async (_what, accounts, count) => {
    expect((await readRows([{ raw: accounts.map(mt940Of).join('') }])).rows).toHaveLength(count);
  });

  test.each<[what: string, raw: string | Buffer, why: string]>([
    ['a web page', '<!DOCTYPE html><html>secret</html>', 'it is a web page'],
    ['a zip', Buffer.from('PK\u0003\u0004secret'), 'it is a zip file'],
    ['something else', 'secret', 'neither JSON nor camt nor MT940'],
    ['half of it', '{"transactions":{"booked":[{"secret', 'neither JSON nor camt nor MT940'],
    ['XML of another kind', '<a>secret</a>', ''],
  ])('%s is malformed, and not quoted', async (_what, raw, why) => {
    const fake = await startFakeBank({ raw });
    const failure = await failureOf(collect(openBank(fake.url).listTransactions(account, query, attended)));
    expect(failure.code).toBe('MALFORMED_REPLY');
    expect(failure.message).toContain(why);
    expect(failure.message).not.toContain('secret');
  });
});

describe('a report for download is fetched', () => {
  const link = { body: { transactions: { _links: { download: { href: '/v1/accounts/a-1/transactions/download' } } } } };

  test('from the bank’s own origin, in whatever format', async () => {
    const { rows, fake } = await readRows([link, { raw: mt940 }]);
    expect(rows).toHaveLength(1);
    expect(fake.request(1)).toMatchObject({ method: 'GET', url: '/v1/accounts/a-1/transactions/download' });
    expect(fake.request(1).headers['consent-id']).toBe('consent-1');
    // Where downloads lie is the bank's own affair: the protocol's file has no such path.
    fake.requests.length = 0;
  });

  test('at the top of the reply, too', async () => {
    const { rows, fake } = await readRows([{ body: { _links: { download: '/v1/files/1' } } }, { raw: camt() }]);
    expect(rows).toHaveLength(1);
    fake.requests.length = 0;
  });

  test('not where the rows are there already', async () => {
    const reply = { body: { transactions: { booked: [row('t-1')], _links: { download: { href: '/v1/files/1' } } } } };
    const { rows, fake } = await readRows([reply]);
    expect(ids(rows)).toEqual(['t-1']);
    expect(fake.requests).toHaveLength(1);
  });
});

describe('formats', () => {
  test('all are offered at once, JSON first', async () => {
    const { fake } = await readRows([booked()]);
    expect(fake.request().headers.accept).toBe(
      'application/json, application/xml;q=0.8, text/xml;q=0.7, text/plain;q=0.6',
    );
  });

  test('a bank that has camt alone (406) is asked for it, and remembered', async () => {
    const fake = await startFakeBank(({ headers }) =>
      headers.accept?.startsWith('application/xml') ? { raw: camt() } : refusal(406, 'REQUESTED_FORMATS_INVALID'),
    );
    const bank = openBank(fake.url);
    for (let time = 0; time < 2; time += 1) {
      const pages = await collect(bank.listTransactions(account, query, attended));
      expect(pages.flatMap(({ transactions }) => transactions)).toHaveLength(1);
    }
    const asked = fake.requests.map(({ headers }) => headers.accept?.split(',')[0]);
    expect(asked).toEqual(['application/json', 'application/json', 'application/xml', 'application/xml']);
  });

  test('a bank that takes none of them is told as it is', async () => {
    const fake = await startFakeBank(refusal(406));
    const failure = await failureOf(collect(openBank(fake.url).listTransactions(account, query, attended)));
    expect(failure.details.httpStatus).toBe(406);
    expect(fake.requests).toHaveLength(4);
  });

  test('only those of the entry are asked for', async () => {
    const { fake } = await readRows([{ raw: camt() }], { entry: { formats: ['camt'] } });
    expect(fake.request().headers.accept).toBe('application/xml, text/xml;q=0.8');
  });
});

describe('pages', () => {
  const second = '/v1/accounts/a-1/transactions?bookingStatus=both&page=2';

  test('a last page that names itself is the last', async () => {
    const { rows, fake } = await readRows([
      linked([row('t-1')], { href: second }),
      linked([row('t-2')], { href: second }),
    ]);
    expect(ids(rows)).toEqual(['t-1', 't-2']);
    expect(fake.requests).toHaveLength(2);
  });

  test('so is a first page that names itself, and one that names the first', async () => {
    const self = '/v1/accounts/a-1/transactions?bookingStatus=both&dateFrom=2026-01-01';
    expect((await readRows([linked([row('t-1')], self)])).fake.requests).toHaveLength(1);
    const back = await readRows([linked([row('t-1')], second), linked([row('t-2')], self)]);
    expect(ids(back.rows)).toEqual(['t-1', 't-2']);
  });

  test('a page that comes once more under another name ends the reading', async () => {
    let count = 0;
    const again = () => {
      count += 1;
      return linked([row('t-1')], `?bookingStatus=both&page=${count % 2 === 0 ? 'a' : 'b'}`);
    };
    const same = booked(row('t-2'));
    const { rows } = await readRows([again, same, same]);
    expect(ids(rows)).toEqual(['t-1', 't-2']);
  });

  test.each([
    `null${second}`,
    `http://null${second}`,
    `undefined${second}`,
    'null/accounts/a-1/transactions?bookingStatus=both&page=2',
  ])('a link %j is meant below the bank’s own address', async (href) => {
    const { rows, fake } = await readRows([linked([row('t-1')], { href }), booked(row('t-2'))]);
    expect(ids(rows)).toEqual(['t-1', 't-2']);
    expect(fake.request(1).url).toBe(second);
  });

  test.each([null, '', 'null', {}, { href: null }, { href: '' }, []])('a link %j is none', async (next) => {
    expect((await readRows([linked([row('t-1')], next)])).fake.requests).toHaveLength(1);
  });

  test('links as a list', async () => {
    const links = [{ rel: 'next', href: second }];
    const first = { body: { transactions: { booked: [row('t-1')], _links: links } } };
    expect(ids((await readRows([first, booked(row('t-2'))])).rows)).toEqual(['t-1', 't-2']);
  });

  test('a refused second page rejects after what was read', async () => {
    const fake = await startFakeBank(linked([row('t-1')], second), refusal(403));
    const read: unknown[] = [];
    const reading = async () => {
      for await (const page of openBank(fake.url).listTransactions(account, query, attended))
        read.push(...page.transactions);
    };
    expect((await failureOf(reading())).code).toBe('REQUEST_REFUSED');
    expect(read).toHaveLength(1);
  });
});

describe('pending transactions', () => {
  const byStatus =
    (answers: Record<string, BankReply>) =>
    ({ url }: { url: string }) =>
      answers[new URL(url, 'http://bank').searchParams.get('bookingStatus') ?? ''] ?? refusal(400);

  test.each(['PARAMETER_NOT_SUPPORTED', 'FORMAT_ERROR', 'SERVICE_INVALID', 'OUR_OWN_CODE', undefined])(
    'where both at once is refused with %s, booked ones are read, and pending ones apart',
    async (code) => {
      const fake = await startFakeBank(
        byStatus({
          both: refusal(400, code),
          booked: booked(row('t-1')),
          pending: { body: { transactions: { pending: [row('t-2')] } } },
        }),
      );
      const bank = openBank(fake.url);
      for (let time = 0; time < 2; time += 1) {
        const pages = await collect(bank.listTransactions(account, query, attended));
        expect(pages).toMatchObject([
          { transactions: [{ bankTransactionId: 't-1', status: 'BOOKED' }], coversPending: false },
          { transactions: [{ bankTransactionId: 't-2', status: 'PENDING' }], coversPending: true },
        ]);
      }
      expect(fake.requests.filter(({ url }) => url.includes('bookingStatus=both'))).toHaveLength(1);
    },
  );

  test('a bank that has none apart is asked for them once', async () => {
    const fake = await startFakeBank(byStatus({ booked: booked(row('t-1')) }));
    const bank = openBank(fake.url);
    for (let time = 0; time < 2; time += 1) {
      expect(await collect(bank.listTransactions(account, query, attended))).toMatchObject([{ coversPending: false }]);
    }
    expect(fake.requests.filter(({ url }) => url.includes('bookingStatus=pending'))).toHaveLength(1);
  });

  test('a bank that breaks over them loses no booked ones', async () => {
    const { pages } = await readRows([byStatus({ booked: booked(row('t-1')), pending: { status: 503 } })]);
    expect(pages).toMatchObject([{ transactions: [{ bankTransactionId: 't-1' }], coversPending: false }]);
  });

  test('statements of booked entries say nothing of them', async () => {
    expect((await readRows([{ raw: mt940 }])).pages).toMatchObject([{ coversPending: false }]);
    expect((await readRows([{ raw: camt() }])).pages).toMatchObject([{ coversPending: true }]);
  });
});

describe('history', () => {
  const dateOf = (url: string) => new URL(url, 'http://bank').searchParams.get('dateFrom') ?? '';

  test('what the entry says of it is not exceeded, and the page says from when on it is', async () => {
    const { pages, fake } = await readRows([booked()], { entry: { historyDays: 30 }, dateFrom: '2025-01-01' });
    expect(dateOf(fake.request().url)).toBe('2026-02-08');
    expect(pages).toMatchObject([{ from: '2026-02-08' }]);
  });

  test.each<[status: number, code?: string]>([
    [400, 'PERIOD_INVALID'],
    [400, 'FORMAT_ERROR'],
    [403],
    [422, 'ANY_CODE'],
    [500],
  ])('a refusal of a long period with %s %s is remembered once a shorter one is given', async (status, code) => {
    const fake = await startFakeBank(({ url }) => (dateOf(url) < '2025-12-01' ? refusal(status, code) : booked()));
    const bank = openBank(fake.url);
    const read = (dateFrom: string) => collect(bank.listTransactions(account, { dateFrom }, attended));
    expect((await failureOf(read('2024-03-10'))).concernsPeriod).toBe(true);
    expect(await read('2025-12-11')).toHaveLength(1);
    expect(await read('2024-03-10')).toMatchObject([{ from: '2025-12-11' }]);
  });

  test('a refusal that a week’s reading follows teaches nothing', async () => {
    const fake = await startFakeBank(({ url }) => (dateOf(url) < '2025-12-01' ? refusal(500) : booked()));
    const learnt = learntOf();
    const bank = openBank(fake.url, {}, {}, learnt);
    const read = (dateFrom: string) => collect(bank.listTransactions(account, { dateFrom }, attended));
    await failureOf(read('2024-03-10'));
    await read('2026-03-03');
    expect(await learnt.get('history-days')).toBeNull();
  });
});

test('a card account’s transactions are read under its own path, debits quoted positive made negative', async () => {
  const cardAccounts = [{ resourceId: 'c-1', maskedPan: '123456xxxxxx1234', currency: 'EUR', debitAccounting: true }];
  const fake = await startFakeBank(
    { body: { accounts: [] } },
    { body: { cardAccounts } },
    {
      body: {
        cardTransactions: {
          booked: [{ cardTransactionId: 'c', transactionAmount: { amount: '5.00', currency: 'EUR' } }],
        },
      },
    },
    { body: { balances: [{ balanceType: 'expected', balanceAmount: { amount: '5.00', currency: 'EUR' } }] } },
  );
  const bank = openBank(fake.url, {}, {}, learntOf({}));
  const [card = givenAccount()] = (await bank.listAccounts(attended)).accounts;
  expect(card).toMatchObject({ kind: 'CARD', maskedPan: '123456xxxxxx1234' });
  const pages = await collect(bank.listTransactions(card, query, attended));
  expect(pages).toMatchObject([{ transactions: [{ bankTransactionId: 'c', amount: { amount: '-5.00' } }] }]);
  expect((await bank.readBalances(card, attended)).balances).toMatchObject([{ amount: { amount: '-5.00' } }]);
  expect(fake.request(2).url).toBe('/v1/card-accounts/c-1/transactions?bookingStatus=both&dateFrom=2026-01-01');
  expect(fake.request(3).url).toBe('/v1/card-accounts/c-1/balances');
});
