import { gzipSync } from 'node:zlib';

/** Replies that nobody here has ever seen of a bank, each plausible in some other place; all are sent with status 200. */
export interface StrangeReply {
  headers?: Record<string, string>;
  body: string | Buffer;
}

const json = (value: unknown): StrangeReply => ({
  headers: { 'content-type': 'application/json' },
  body: typeof value === 'string' ? value : JSON.stringify(value),
});
const text = (type: string, body: string | Buffer): StrangeReply => ({ headers: { 'content-type': type }, body });

const payment = {
  transactionId: 's-1',
  transactionAmount: { amount: '12.00', currency: 'EUR' },
  bookingDate: '2026-03-01',
};

/** From which nothing can be made out, of accounts, balances or transactions. */
export const unreadable: Readonly<Record<string, StrangeReply>> = {
  'a login page': text('text/html', '<!DOCTYPE html><html><title>Anmelden</title><form action="/login"></form></html>'),
  'a login page that calls itself JSON': json('<html><body>Session expired</body></html>'),
  'an envelope of its own': json({ data: { transactions: [payment], accounts: [payment], balances: [payment] } }),
  'another standard’s JSON': json({
    Data: { Transaction: [{ TransactionId: '1', Amount: { Amount: '10.00', Currency: 'GBP' } }] },
    Links: { Self: 'https://api.alphabank.example/open-banking/v3.1/aisp/transactions' },
    Meta: { TotalPages: 1 },
  }),
  'JSON:API': json({ data: [{ type: 'transaction', id: '1', attributes: payment }], jsonapi: { version: '1.0' } }),
  'another language': json({ umsaetze: [{ betrag: '12,00', buchungstag: '01.03.2026', empfaenger: 'Bäckerei' }] }),
  'errors of a GraphQL server': json({ errors: [{ message: 'Cannot query field', path: ['me'] }], data: null }),
  'a fault of SOAP': text(
    'text/xml',
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>soap:Server</faultcode></soap:Fault></soap:Body></soap:Envelope>',
  ),
  'a payment order in XML': text(
    'application/xml',
    '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn><GrpHdr><MsgId>1</MsgId></GrpHdr></CstmrCdtTrfInitn></Document>',
  ),
  'an OFX file': text('application/x-ofx', 'OFXHEADER:100\nDATA:OFXSGML\n<OFX><BANKMSGSRSV1><STMTTRNRS>'),
  'a CSV file': text('text/csv', 'Buchungstag;Betrag;Empfänger\r\n01.03.2026;-12,00;Bäckerei\r\n'),
  'a PDF': text('application/pdf', Buffer.from('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n1 0 obj', 'latin1')),
  'gzip, unasked': text('application/json', gzipSync(JSON.stringify({ transactions: { booked: [payment] } }))),
  'gzip that is none': { headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, body: 'no gzip' },
  'JSON in UTF-16': json(`\ufeff${'x'}`),
  'half of a JSON': json('{"transactions":{"booked":[{"transactionId":"s-1","transact'),
  'a number': json('42'),
  'a text': json('"please try again"'),
  'two JSON texts': json('{"transactions":{}}\n{"transactions":{}}'),
  'objects in objects, very deep': json(`${'{"transactions":'.repeat(100_000)}1${'}'.repeat(100_000)}`),
  zeros: text('application/octet-stream', Buffer.alloc(4_096)),
};

/** Transactions of which each row is a riddle: none is read, each is counted. */
export const unreadableRows: Readonly<Record<string, StrangeReply>> = {
  'a list of numbers': json([1, 2, 3]),
  'lists in lists, very deep': json(`${'['.repeat(200_000)}${']'.repeat(200_000)}`),
  'rows in another language': json({
    transactions: { booked: [{ betrag: '12,00', waehrung: 'EUR' }, { betrag: '1' }] },
  }),
  'amounts larger than money': json(
    `{"transactions":{"booked":[{"transactionAmount":{"amount":1e400,"currency":"EUR"}},{"transactionAmount":{"amount":${'9'.repeat(400)},"currency":"EUR"}},{"transactionAmount":{"amount":"1e999999999","currency":"EUR"}}]}}`,
  ),
  'rows by number': json({ transactions: { booked: { 0: payment, 1: payment } } }),
  'rows that are texts': json({ transactions: { booked: 'none', pending: ['none', true, 1] } }),
  'rows in rows, very deep': json(`{"transactions":{"booked":${'['.repeat(50_000)}1${']'.repeat(50_000)}}}`),
  'names that mean something to JavaScript': json(
    '{"transactions":{"__proto__":{"transactionAmount":{"amount":"1.00"}},"booked":[{"__proto__":{"transactionAmount":{"amount":"1.00","currency":"EUR"}},"constructor":1,"toString":2}]}}',
  ),
};

/** Entries of a list of accounts that are no accounts. */
export const strangeAccounts: Readonly<Record<string, unknown>> = {
  null: null,
  'a number': 17,
  'a text': 'DE02120300000000202051',
  'a list': [],
  nothing: {},
  'objects in place of texts': { resourceId: { id: 1 }, iban: { value: 'x' }, currency: ['EUR'] },
  'an id that would change the path': { resourceId: '..', iban: 'DE02120300000000202051', currency: 'EUR' },
  'another language': { kontonummer: '0000202051', waehrung: 'EUR' },
};
