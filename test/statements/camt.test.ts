import { describe, expect, test } from 'vitest';
import { readCamt } from '../../src/statements/camt.ts';
import { StatementError } from '../../src/statements/statement-reading.ts';
import { camtOf, entryOf, rowsOf } from './statement-files.ts';

const detail = (content: string) => `<NtryDtls><TxDtls>${content}</TxDtls></NtryDtls>`;
const parties = (content: string) => detail(`<RltdPties>${content}</RltdPties>`);
const ownIban = '<Id><IBAN>DE89370400440532013000</IBAN></Id>';
const debit = { CdtDbtInd: '<CdtDbtInd>DBIT</CdtDbtInd>' };

const readable: [promise: string, entry: string, expected: object][] = [
  ['a status as plain text', entryOf('', { Sts: '<Sts>PDNG</Sts>' }), { status: 'PENDING' }],
  ['a status in the own words of a bank', entryOf('', { Sts: '<Sts><Prtry>BOOK</Prtry></Sts>' }), { status: 'BOOKED' }],
  ['a payment of the future is pending', entryOf('', { Sts: '<Sts><Cd>FUTR</Cd></Sts>' }), { status: 'PENDING' }],
  ['a statement without statuses is booked', entryOf('', { Sts: '' }), { status: 'BOOKED' }],
  [
    'an amount without currency is in the account’s',
    entryOf('', { Amt: '<Amt>7</Amt>' }),
    { amount: { amount: '7.00', currency: 'EUR' } },
  ],
  [
    'a comma in an amount',
    entryOf('', { Amt: '<Amt Ccy="eur">46,97</Amt>' }),
    { amount: { amount: '46.97', currency: 'EUR' } },
  ],
  ['no digit before the point', entryOf('', { Amt: '<Amt>.50</Amt>' }), { amount: { amount: '0.50' } }],
  ['four decimals', entryOf('', { Amt: '<Amt>1.2345</Amt>' }), { amount: { amount: '1.2345' } }],
  [
    'the yen’s no decimals',
    entryOf('', { Amt: '<Amt Ccy="JPY">100</Amt>' }),
    { amount: { amount: '100', currency: 'JPY' } },
  ],
  ['a minus that is written', entryOf('', { Amt: '<Amt>-5</Amt>' }), { amount: { amount: '-5.00' } }],
  [
    'a minus that is written of money that goes out',
    entryOf('', { ...debit, Amt: '<Amt>-5</Amt>' }),
    { amount: { amount: '-5.00' } },
  ],
  ['money that goes out', entryOf('', debit), { amount: { amount: '-10.00' } }],
  [
    'a day that no calendar has is absent',
    entryOf('<ValDt><Dt>2026-02-30</Dt></ValDt>', { BookgDt: '<BookgDt><Dt>0000-00-00</Dt></BookgDt>' }),
    { bookingDate: null, valueDate: null },
  ],
  [
    'a time keeps its day as written',
    entryOf('', { BookgDt: '<BookgDt><DtTm>2026-11-20T00:30:00+01:00</DtTm></BookgDt>' }),
    { bookingDate: '2026-11-20', bookedAt: '2026-11-19T23:30:00.000Z' },
  ],
  [
    'a time without zone is no moment, and is kept as written',
    entryOf('', { BookgDt: '<BookgDt><DtTm>2026-11-20T09:00:00</DtTm></BookgDt>' }),
    { bookingDate: '2026-11-20', bookedAt: null, otherFields: { bookingDateTime: '2026-11-20T09:00:00' } },
  ],
  [
    'several lines of purpose are one text',
    entryOf(detail('<RmtInf><Ustrd>a  b</Ustrd><Ustrd>c</Ustrd></RmtInf>')),
    { remittanceInformation: 'a b c' },
  ],
  [
    'a text with its structured reference',
    entryOf(detail('<RmtInf><Ustrd>x</Ustrd><Strd><CdtrRefInf><Ref>RF18</Ref></CdtrRefInf></Strd></RmtInf>')),
    { remittanceInformation: 'x', structuredReference: 'RF18' },
  ],
  [
    'the structured reference of the first version',
    entryOf(detail('<RmtInf><Strd><CdtrRefInf><CdtrRef>RF18</CdtrRef></CdtrRefInf></Strd></RmtInf>')),
    { structuredReference: 'RF18' },
  ],
  [
    'a reference that says that there is none',
    entryOf(detail('<Refs><EndToEndId>notprovided</EndToEndId></Refs>')),
    { endToEndId: null },
  ],
  ['an id of the entry alone', entryOf('<AcctSvcrRef>S1</AcctSvcrRef>'), { bankTransactionId: 'S1' }],
  [
    'an id of the detail alone',
    entryOf(detail('<Refs><AcctSvcrRef>S2</AcctSvcrRef></Refs>')),
    { bankTransactionId: 'S2' },
  ],
  [
    'who paid, of money that came in',
    entryOf(parties('<Dbtr><Nm>D</Nm></Dbtr><Cdtr><Nm>C</Nm></Cdtr>')),
    { counterpartyName: 'D' },
  ],
  [
    'who was paid, of money that went out',
    entryOf(parties('<Dbtr><Nm>D</Nm></Dbtr><Cdtr><Nm>C</Nm></Cdtr>'), debit),
    { counterpartyName: 'C' },
  ],
  [
    'the other side, where the bank has turned the roles',
    entryOf(parties(`<Dbtr><Nm>Me</Nm></Dbtr><DbtrAcct>${ownIban}</DbtrAcct><Cdtr><Nm>You</Nm></Cdtr>`)),
    { counterpartyName: 'You' },
  ],
  [
    'the one it is done for, where the party has no name',
    entryOf(parties('<UltmtDbtr><Pty><Nm>U</Nm></Pty></UltmtDbtr>')),
    { counterpartyName: 'U', ultimateCounterpartyName: 'U' },
  ],
  [
    'a bank as party',
    entryOf(parties('<Dbtr><Agt><FinInstnId><Nm>Bank AG</Nm></FinInstnId></Agt></Dbtr>')),
    { counterpartyName: 'Bank AG' },
  ],
  [
    'a creditor identifier by its shape, without a scheme',
    entryOf(
      parties('<Cdtr><Id><OrgId><Othr><Id>123</Id></Othr><Othr><Id>AT12ZZZ00000000001</Id></Othr></OrgId></Id></Cdtr>'),
      debit,
    ),
    { creditorId: 'AT12ZZZ00000000001' },
  ],
  [
    'a rate at the entry',
    entryOf(
      `<AmtDtls><InstdAmt><Amt Ccy="USD">11.00</Amt></InstdAmt>
       <CntrValAmt><CcyXchg><XchgRate>0.909090909</XchgRate></CcyXchg></CntrValAmt></AmtDtls>`,
    ),
    { originalAmount: { amount: '11.00', currency: 'USD' }, exchangeRate: '0.909090909' },
  ],
  [
    'no original amount in the account’s own currency',
    entryOf(detail('<AmtDtls><InstdAmt><Amt Ccy="EUR">11.00</Amt></InstdAmt></AmtDtls>')),
    { originalAmount: null },
  ],
  [
    'text in CDATA',
    entryOf('<AddtlNtryInf><![CDATA[A & B <c>]]></AddtlNtryInf>'),
    { additionalInformation: 'A & B <c>' },
  ],
  [
    'an ampersand that nobody has escaped',
    entryOf('<AddtlNtryInf>A & B; C&D</AddtlNtryInf>'),
    { additionalInformation: 'A & B; C&D' },
  ],
  [
    'characters by number',
    entryOf('<AddtlNtryInf>M&#252;ller &#x20AC;</AddtlNtryInf>'),
    { additionalInformation: 'Müller €' },
  ],
  [
    'an entity that XML does not have, as written',
    entryOf('<AddtlNtryInf>a&nbsp;b</AddtlNtryInf>'),
    { additionalInformation: 'a&nbsp;b' },
  ],
  [
    'a control character, which databases refuse',
    entryOf('<AddtlNtryInf>a\u0000\u0007b</AddtlNtryInf>'),
    { additionalInformation: 'a b' },
  ],
  ['comments', entryOf('<AddtlNtryInf>a<!-- x -->b</AddtlNtryInf>'), { additionalInformation: 'ab' }],
];

test.each(readable)('reads %s', (_promise, entry, expected) => {
  const reading = readCamt(camtOf(entry));
  expect(reading).toMatchObject({ faults: [], skippedRows: 0 });
  expect(rowsOf(reading)).toHaveLength(1);
  expect(rowsOf(reading)[0]).toMatchObject(expected);
});

const batchOf = (...amounts: string[]) =>
  entryOf(`<NtryRef>N</NtryRef><NtryDtls>${amounts.map((amount) => `<TxDtls>${amount}</TxDtls>`).join('')}</NtryDtls>`);
const amountOf = (amount: string, indicator = '') => `<Amt Ccy="EUR">${amount}</Amt>${indicator}`;
const batches: [promise: string, entry: string, amounts: string[]][] = [
  ['amounts of the newer versions', batchOf(amountOf('4.00'), amountOf('6.00')), ['4.00', '6.00']],
  [
    'sides that differ',
    batchOf(amountOf('12.00'), amountOf('2.00', '<CdtDbtInd>DBIT</CdtDbtInd>')),
    ['12.00', '-2.00'],
  ],
  ['one in another currency', batchOf(amountOf('4.00'), '<Amt Ccy="USD">6.00</Amt>'), ['10.00']],
  ['one without an amount', batchOf(amountOf('10.00'), ''), ['10.00']],
  ['amounts that do not add up', batchOf(amountOf('4.00'), amountOf('6.01')), ['10.00']],
];
test.each(batches)('a batch with %s', (_promise, entry, amounts) => {
  const rows = rowsOf(readCamt(camtOf(entry)));
  expect(rows.map(({ amount }) => amount.amount)).toEqual(amounts);
  expect(rows.map(({ entryReference }) => entryReference)).toEqual(
    amounts.length > 1 ? amounts.map(() => null) : ['N'],
  );
});

test('payments of a batch keep ids of their own, unless they share them', () => {
  const idsOf = (...ids: string[]) =>
    rowsOf(
      readCamt(camtOf(batchOf(...ids.map((id) => `<Refs><AcctSvcrRef>${id}</AcctSvcrRef></Refs>${amountOf('5.00')}`)))),
    ).map(({ bankTransactionId }) => bankTransactionId);
  expect(idsOf('a', 'b')).toEqual(['a', 'b']);
  expect(idsOf('a', 'a')).toEqual([null, null]);
});

const unreadable: [promise: string, entry: string, path: string, kind: string][] = [
  ['no amount', entryOf('', { Amt: '' }), 'Amt', 'amount_missing'],
  ['an amount in words', entryOf('', { Amt: '<Amt Ccy="EUR">ten</Amt>' }), 'Amt', 'not_a_decimal'],
  ['an amount without digits', entryOf('', { Amt: '<Amt Ccy="EUR">.</Amt>' }), 'Amt', 'not_a_decimal'],
  ['more decimals than are kept', entryOf('', { Amt: '<Amt Ccy="EUR">1.00001</Amt>' }), 'Amt', 'too_many_decimals'],
  ['more money than there is', entryOf('', { Amt: '<Amt Ccy="EUR">1234567890123456</Amt>' }), 'Amt', 'too_large'],
  ['no side', entryOf('', { CdtDbtInd: '' }), 'CdtDbtInd', 'direction_missing'],
  ['another status', entryOf('', { Sts: '<Sts>XXXX</Sts>' }), 'Sts', 'unknown_status'],
  ['tags that do not fit', entryOf('<ValDt><Dt>2026-11-20</ValDt>'), '', 'malformed_xml'],
  ['more elements than a payment has', entryOf('<Ustrd>a</Ustrd>'.repeat(6_000)), '', 'too_many_elements'],
];
test.each(unreadable)(
  'an entry with %s is left out and told, and the others are read',
  (_promise, entry, path, kind) => {
    const reading = readCamt(camtOf(entryOf() + entry + entryOf()));
    expect(rowsOf(reading)).toHaveLength(2);
    expect(reading).toMatchObject({ skippedRows: 1, complete: true });
    expect(reading.faults).toEqual([{ path: ['statements.0.Ntry.1', path].filter(Boolean).join('.'), kind }]);
  },
);

test('a currency that neither entry nor account has is told', () => {
  const text = camtOf(entryOf('', { Amt: '<Amt>1.00</Amt>' })).replace('<Ccy>EUR</Ccy>', '');
  expect(readCamt(text).faults).toEqual([{ path: 'statements.0.Ntry.0.Amt.Ccy', kind: 'currency_missing' }]);
});

test('a report says of each entry whether it is booked', () => {
  const text = camtOf(entryOf('', { Sts: '' }))
    .replaceAll('BkToCstmrStmt', 'BkToCstmrAcctRpt')
    .replaceAll('Stmt>', 'Rpt>');
  expect(readCamt(text).faults).toEqual([{ path: 'statements.0.Ntry.0.Sts', kind: 'status_missing' }]);
});

describe('balances', () => {
  const balanceOf = (type: string, content: string) =>
    readCamt(camtOf(`<Bal><Tp>${type}</Tp>${content}</Bal>`)).statements[0]?.balances[0];
  const money = '<Amt Ccy="EUR">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>';
  const codes = [
    ...[
      ['OPBD', 'openingBooked'],
      ['PRCD', 'previouslyClosedBooked'],
      ['CLBD', 'closingBooked'],
    ],
    ...[
      ['ITBD', 'interimBooked'],
      ['OPAV', 'openingAvailable'],
      ['CLAV', 'closingAvailable'],
    ],
    ...[
      ['ITAV', 'interimAvailable'],
      ['FWAV', 'forwardAvailable'],
      ['XPCD', 'expected'],
      ['INFO', 'information'],
    ],
  ] as const;
  test.each(codes)('%s is %s', (code, type) => {
    expect(balanceOf(`<CdOrPrtry><Cd>${code}</Cd></CdOrPrtry>`, money)).toMatchObject({
      type,
      amount: { amount: '5.00' },
    });
  });

  test('between the pages of a statement are interim ones', () => {
    const page = '<CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry><SubTp><Cd>INTM</Cd></SubTp>';
    expect(balanceOf(page, money)).toMatchObject({ type: 'interimBooked' });
  });

  test('say whether a credit line is counted in', () => {
    const line = '<CdtLine><Incl>true</Incl></CdtLine>';
    expect(balanceOf('<CdOrPrtry><Cd>CLAV</Cd></CdOrPrtry>', line + money)).toMatchObject({
      creditLimitIncluded: true,
    });
  });

  test('that cannot be read are told and cost no row', () => {
    const text = camtOf(`<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp></Bal><Bal>${money}</Bal>${entryOf()}`);
    const reading = readCamt(text);
    expect(reading.faults).toEqual([
      { path: 'statements.0.Bal.0.Amt', kind: 'amount_missing' },
      { path: 'statements.0.Bal.1.Tp', kind: 'type_missing' },
    ]);
    expect(reading).toMatchObject({ skippedRows: 0 });
    expect(rowsOf(reading)).toHaveLength(1);
  });
});

test.each([
  ['052', 'BkToCstmrAcctRpt', 'Rpt'],
  ['053', 'BkToCstmrStmt', 'Stmt'],
  ['054', 'BkToCstmrDbtCdtNtfctn', 'Ntfctn'],
])('reads camt.%s', (number, message, statement) => {
  const text = camtOf(entryOf()).replaceAll('BkToCstmrStmt', message).replaceAll('Stmt>', `${statement}>`);
  expect(readCamt(text).statements).toMatchObject([{ format: `camt.${number}`, transactions: [{ status: 'BOOKED' }] }]);
});

test.each(['02', '03', '04', '05', '06', '07', '08', '10', '13'])('the version is no matter: 001.%s', (version) => {
  expect(rowsOf(readCamt(camtOf(entryOf(), { version })))).toHaveLength(1);
});

describe('a file that breaks off', () => {
  const whole = camtOf(entryOf('<AcctSvcrRef>1</AcctSvcrRef>') + entryOf('<AcctSvcrRef>2</AcctSvcrRef>'));

  test('within a row keeps the rows before it, and is not complete', () => {
    const reading = readCamt(whole.slice(0, whole.lastIndexOf('<BookgDt>')));
    expect(rowsOf(reading).map(({ bankTransactionId }) => bankTransactionId)).toEqual(['1']);
    expect(reading).toMatchObject({
      complete: false,
      skippedRows: 1,
      faults: [{ path: 'statements.0.Ntry.1', kind: 'cut_off' }],
    });
  });

  test('between rows keeps the rows before it, and is not complete', () => {
    const reading = readCamt(whole.slice(0, whole.lastIndexOf('<Ntry>')));
    expect(rowsOf(reading).map(({ bankTransactionId }) => bankTransactionId)).toEqual(['1']);
    expect(reading).toMatchObject({ complete: false, skippedRows: 0, faults: [] });
  });

  test('by a tag that closes what was never opened, does not take half a row for one', () => {
    const reading = readCamt(whole.replace('<AcctSvcrRef>1</AcctSvcrRef>', '</Nowhere>'));
    expect(reading.complete).toBe(false);
    expect(reading.faults).toEqual([{ path: 'statements.0.Ntry.0', kind: 'malformed_xml' }]);
    expect(rowsOf(reading)).toEqual([]);
  });
});

describe('refuses', () => {
  const bomb = `<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>${camtOf(entryOf())}`;
  const external = `<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd">${camtOf(entryOf())}`;
  const refused: [promise: string, text: string, reason: string][] = [
    ['declared entities', bomb, 'doctype'],
    ['what lies outside', external, 'doctype'],
    ['nesting without end', '<a>'.repeat(100_000), 'too_deep'],
    ['another message', '<Document><CstmrCdtTrfInitn><Ntry/></CstmrCdtTrfInitn></Document>', 'not_a_statement'],
    ['text', 'no XML at all', 'not_a_statement'],
    ['nothing', '', 'not_a_statement'],
    [
      'statements without end',
      camtOf('').replace(/<Stmt>.*<\/Stmt>/s, '<Stmt></Stmt>'.repeat(10_001)),
      'too_many_statements',
    ],
  ];
  test.each(refused)('%s', (_promise, text, reason) => {
    expect(() => readCamt(text)).toThrow(StatementError);
    expect(() => readCamt(text)).toThrow(expect.objectContaining({ code: 'UNREADABLE_STATEMENT', reason }));
  });
});

test('lists a thousand faults, and counts them all', () => {
  const reading = readCamt(camtOf('<Ntry/>'.repeat(2_000) + entryOf()));
  expect(reading.faults).toHaveLength(1_000);
  expect(reading.skippedRows).toBe(2_000);
  expect(rowsOf(reading)).toHaveLength(1);
});

test('gives up on a file that has nothing but faults, keeps what it has read, and says so', () => {
  const rows = readCamt(camtOf(entryOf() + '<Ntry/>'.repeat(50_001) + entryOf()));
  expect(rows).toMatchObject({ complete: false, skippedRows: 50_002 });
  expect(rowsOf(rows)).toHaveLength(1);
  const characters = readCamt(camtOf(`${entryOf()}<Ntry>${'&a;'.repeat(120_000)}</Ntry>${entryOf()}`));
  expect(characters).toMatchObject({ complete: false });
  expect(rowsOf(characters)).toHaveLength(1);
});

test('a batch of several thousand payments is as many rows, and one beyond all measure is one', () => {
  const batchOfMany = (count: number) =>
    entryOf(`<NtryDtls>${'<TxDtls><Amt>1.00</Amt></TxDtls>'.repeat(count)}</NtryDtls>`, {
      Amt: `<Amt Ccy="EUR">${count}.00</Amt>`,
    });
  expect(rowsOf(readCamt(camtOf(batchOfMany(6_000))))).toHaveLength(6_000);
  const [row, ...more] = rowsOf(readCamt(camtOf(batchOfMany(50_001))));
  expect(row).toMatchObject({ amount: { amount: '50001.00' } });
  expect(more).toEqual([]);
});
