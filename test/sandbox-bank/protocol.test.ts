import { expect, test } from 'vitest';
import {
  type BankWorld,
  type Call,
  type Connection,
  connect,
  consentBody,
  createConsent,
  redirectUri,
  startBank,
} from './bank-world.ts';

const post = (headers: Record<string, string | null> = {}, body: object = {}): Call => ({
  method: 'POST',
  headers: { 'psu-ip-address': '192.0.2.7', 'tpp-redirect-uri': redirectUri, ...headers },
  body: { ...consentBody, ...body },
});

test.each<[what: string, path: string, call: Call, status: number, code: string]>([
  ['no request id', '/v1/consents', post({ 'x-request-id': null }), 400, 'FORMAT_ERROR'],
  ['a request id that is no UUID', '/v1/consents', post({ 'x-request-id': '1' }), 400, 'FORMAT_ERROR'],
  ['a date in words of no protocol', '/v1/consents', post({ date: '2026-03-10T10:00:00Z' }), 400, 'FORMAT_ERROR'],
  ['a date that there is not', '/v1/consents', post({ date: 'Mon, 30 Feb 2026 10:00:00 GMT' }), 400, 'FORMAT_ERROR'],
  ['replies in XML', '/v1/consents', post({ accept: 'application/xml' }), 406, 'REQUESTED_FORMATS_INVALID'],
  ['no address of the end user', '/v1/consents', post({ 'psu-ip-address': null }), 400, 'FORMAT_ERROR'],
  ['an address that is none', '/v1/consents', post({ 'psu-ip-address': 'here' }), 400, 'FORMAT_ERROR'],
  ['an address of IPv6', '/v1/consents', post({ 'psu-ip-address': '2001:db8::1' }), 400, 'FORMAT_ERROR'],
  ['a preference that is none', '/v1/consents', post({ 'tpp-redirect-preferred': 'maybe' }), 400, 'FORMAT_ERROR'],
  ['payments beside', '/v1/consents', post({}, { combinedServiceIndicator: true }), 400, 'SESSIONS_NOT_SUPPORTED'],
  ['a signature alone', '/v1/consents', post({ signature: 'x' }), 401, 'SIGNATURE_MISSING'],
  ['a digest alone', '/v1/consents', post({ digest: 'SHA-256=x' }), 401, 'SIGNATURE_MISSING'],
  ['a certificate alone', '/v1/consents', post({ 'tpp-signature-certificate': 'x' }), 401, 'SIGNATURE_MISSING'],
  ['no certificate', '/v1/consents', post({ digest: 'SHA-256=x', signature: 'x' }), 401, 'CERTIFICATE_MISSING'],
  ['no way back', '/v1/consents', post({ 'tpp-redirect-uri': null }), 400, 'FORMAT_ERROR'],
  [
    'a way back that runs a script',
    '/v1/consents',
    post({ 'tpp-redirect-uri': 'javascript:alert(1)' }),
    400,
    'FORMAT_ERROR',
  ],
  [
    'a second way back of that kind',
    '/v1/consents',
    post({ 'tpp-nok-redirect-uri': 'data:text/html,x' }),
    400,
    'FORMAT_ERROR',
  ],
  ['a body that is no JSON', '/v1/consents', { ...post(), body: '{' }, 400, 'FORMAT_ERROR'],
  ['access to nothing', '/v1/consents', post({}, { access: {} }), 400, 'FORMAT_ERROR'],
  [
    'access to accounts by name',
    '/v1/consents',
    post({}, { access: { accounts: [{ iban: 'DE1' }] } }),
    400,
    'FORMAT_ERROR',
  ],
  ['a day that there is not', '/v1/consents', post({}, { validUntil: '2026-02-30' }), 400, 'FORMAT_ERROR'],
  ['a validity in the past', '/v1/consents', post({}, { validUntil: '2026-03-09' }), 400, 'PERIOD_INVALID'],
  ['no access a day', '/v1/consents', post({}, { frequencyPerDay: 0 }), 400, 'FORMAT_ERROR'],
  ['no word on recurrence', '/v1/consents', post({}, { recurringIndicator: undefined }), 400, 'FORMAT_ERROR'],
  ['consents cannot be listed', '/v1/consents', {}, 405, 'SERVICE_INVALID'],
  ['a consent that there is not', '/v1/consents/1234', {}, 403, 'CONSENT_UNKNOWN'],
  ['accounts without a consent', '/v1/accounts', {}, 400, 'FORMAT_ERROR'],
  ['accounts under no known consent', '/v1/accounts', { headers: { 'consent-id': '1' } }, 403, 'CONSENT_UNKNOWN'],
  ['accounts cannot be made', '/v1/accounts', { method: 'POST' }, 405, 'SERVICE_INVALID'],
  ['payments', '/v1/payments', {}, 404, 'RESOURCE_UNKNOWN'],
  ['anything else', '/favicon.ico', {}, 404, 'RESOURCE_UNKNOWN'],
])('refused: %s', async (_what, path, call, status, code) => {
  const { body, ...reply } = await (await startBank()).call(path, call);
  expect([reply.status, body.tppMessages[0].code]).toEqual([status, code]);
  expect(body.tppMessages[0].category).toBe('ERROR');
});

test.each<[path: string, call: Call, status: number, code: string]>([
  ['', { method: 'PUT' }, 405, 'SERVICE_INVALID'],
  ['', { headers: { 'x-tpp-id': 'somebody-else' } }, 400, 'CONSENT_UNKNOWN'],
  ['/status', { method: 'POST' }, 405, 'SERVICE_INVALID'],
  ['/status', { method: 'DELETE' }, 405, 'SERVICE_INVALID'],
  ['/state', {}, 404, 'RESOURCE_UNKNOWN'],
  ['/authorisations', { method: 'DELETE' }, 405, 'SERVICE_INVALID'],
  ['/authorisations', { method: 'POST', headers: { 'psu-ip-address': 'here' } }, 400, 'FORMAT_ERROR'],
  ['/authorisations/1', {}, 404, 'RESOURCE_UNKNOWN'],
])('a consent refuses %s %o', async (path, call, status, code) => {
  const bank = await startBank();
  const { body } = await createConsent(bank);
  const refused = await bank.call(`/v1/consents/${body.consentId}${path}`, call);
  expect([refused.status, refused.body.tppMessages[0].code]).toEqual([status, code]);
});

test.each(['redirect', 'decoupled'])('%s: no PUT goes past the bank’s own pages', async (approach) => {
  const bank = await startBank({ approach });
  const consent = `/v1/consents/${(await createConsent(bank)).body.consentId}`;
  const headers = { 'psu-id': 'anna' };
  const started = await bank.call(`${consent}/authorisations`, { method: 'POST', headers, body: {} });
  for (const body of [
    { psuData: { password: 'sandbox' } },
    { authenticationMethodId: 'sms' },
    { scaAuthenticationData: '123456' },
  ]) {
    const path = `${consent}/authorisations/${started.body.authorisationId}`;
    expect((await bank.call(path, { method: 'PUT', headers, body })).status).toBe(405);
  }
  expect((await bank.call(`${consent}/status`)).body).toEqual({ consentStatus: 'received' });
});

test.each(['text/plain', 'application/jsonp', null])('a body of type %s is none that is taken', async (type) => {
  // Without a word of its own, fetch calls a text plain.
  const { status, body } = await (await startBank()).call('/v1/consents', post({ 'content-type': type }));
  expect([status, body]).toEqual([415, '']);
});

test('a consent that nobody confirms is given up after a day', async () => {
  const bank = await startBank({ approach: 'embedded' });
  const consent = `/v1/consents/${(await createConsent(bank)).body.consentId}`;
  const headers = { 'psu-id': 'anna' };
  const { body } = await bank.call(`${consent}/authorisations`, { method: 'POST', headers, body: {} });
  bank.clock.advance(24 * 3_600_000);
  expect((await bank.call(`${consent}/status`)).body).toEqual({ consentStatus: 'received' });
  bank.clock.advance(1);
  expect((await bank.call(`${consent}/status`)).body).toEqual({ consentStatus: 'rejected' });
  const begun = { method: 'PUT', body: { psuData: { password: 'sandbox' } } };
  expect((await bank.call(`${consent}/authorisations/${body.authorisationId}`, begun)).status).toBe(409);
  expect((await bank.call(`${consent}/authorisations`, { method: 'POST', headers, body: {} })).status).toBe(403);
});

test('a one-off consent is for one access of every endpoint and account, whether or not the end user is there', async () => {
  const bank = await startBank();
  const { attended, read } = await connect(bank, 'anna', { recurringIndicator: false });
  const { body } = await attended('/v1/accounts');
  const urls = body.accounts.flatMap(({ resourceId }: { resourceId: string }) => [
    `/v1/accounts/${resourceId}/balances`,
    `/v1/accounts/${resourceId}/transactions?bookingStatus=both&dateFrom=2026-01-01`,
  ]);
  for (const url of urls) expect((await attended(url)).status).toBe(200);
  for (const url of ['/v1/accounts', ...urls]) {
    expect([(await attended(url)).status, (await read(url)).status]).toEqual([429, 429]);
  }
});

test('a consent tells what was asked for, as far as the bank grants it', async () => {
  const bank = await startBank();
  const access = { allPsd2: 'allAccountsWithOwnerName' };
  const { body } = await createConsent(bank, { body: { access, validUntil: '9999-12-31', frequencyPerDay: 99 } });
  expect((await bank.call(`/v1/consents/${body.consentId}`)).body).toEqual({
    access,
    recurringIndicator: true,
    validUntil: '2026-09-06',
    frequencyPerDay: 4,
    lastActionDate: '2026-03-10',
    consentStatus: 'received',
  });
});

test('a consent that has ended keeps the way in which it did, whoever deletes it', async () => {
  const bank = await startBank();
  const { consentId, attended } = await connect(bank, 'anna', { validUntil: '2026-03-12' });
  bank.clock.advance(3 * 86_400_000);
  expect((await attended('/v1/accounts')).body.tppMessages[0].code).toBe('CONSENT_EXPIRED');
  expect((await bank.call(`/v1/consents/${consentId}`, { method: 'DELETE' })).status).toBe(204);
  expect((await bank.call(`/v1/consents/${consentId}/status`)).body).toEqual({ consentStatus: 'expired' });
});

test('a deleted consent opens nothing', async () => {
  const bank = await startBank();
  const { consentId, attended } = await connect(bank, 'anna');
  await bank.call(`/v1/consents/${consentId}`, { method: 'DELETE' });
  const { status, body } = await attended('/v1/accounts');
  expect([status, body.tppMessages[0].code]).toEqual([401, 'CONSENT_INVALID']);
});

let bank: BankWorld;
let boris: Connection;
let path: string;
let next: string;

// One reading serves all the refusals below.
async function openBoris(): Promise<void> {
  bank = await startBank();
  boris = await connect(bank, 'boris');
  const { body } = await boris.attended('/v1/accounts');
  path = `/v1/accounts/${body.accounts[0].resourceId}/transactions`;
  const first = await boris.attended(`${path}?bookingStatus=both&dateFrom=2026-01-01`);
  next = first.body.transactions._links.next.href;
}

test.each<[what: string, query: string, code: string]>([
  ['no booking status', 'dateFrom=2026-03-01', 'FORMAT_ERROR'],
  ['one that there is not', 'bookingStatus=maybe&dateFrom=2026-03-01', 'FORMAT_ERROR'],
  ['one that is not offered', 'bookingStatus=information', 'PARAMETER_NOT_SUPPORTED'],
  ['no start', 'bookingStatus=booked', 'FORMAT_ERROR'],
  ['a start on no day', 'bookingStatus=booked&dateFrom=2026-02-30', 'FORMAT_ERROR'],
  ['an end on no day', 'bookingStatus=booked&dateFrom=2026-03-01&dateTo=tomorrow', 'FORMAT_ERROR'],
  ['a start that is still to come', 'bookingStatus=booked&dateFrom=2026-03-11&dateTo=2026-04-01', 'PERIOD_INVALID'],
  ['an end before the start', 'bookingStatus=booked&dateFrom=2026-03-01&dateTo=2026-02-01', 'PERIOD_INVALID'],
  ['a page that was not offered', 'bookingStatus=booked&dateFrom=2026-03-01&page=1', 'FORMAT_ERROR'],
  ['a page that is no number', 'bookingStatus=booked&dateFrom=2026-03-01&page=NaN', 'FORMAT_ERROR'],
  ['a delta', 'bookingStatus=booked&dateFrom=2026-03-01&deltaList=true', 'PARAMETER_NOT_SUPPORTED'],
])('a reading is refused: %s', async (_what, query, code) => {
  await openBoris();
  const { status, body } = await boris.attended(`${path}?${query}`);
  expect([status, body.tppMessages[0].code]).toEqual([400, code]);
});

test('a page’s address opens that page alone: not another one, other days, another consent, or tomorrow', async () => {
  await openBoris();
  expect((await boris.read(next)).status).toBe(200);
  expect((await boris.read(next.replace(/page=1\./, 'page=2.'))).status).toBe(400);
  expect((await boris.read(next.replace('2026-01-01', '2025-12-20'))).status).toBe(400);
  const other = await connect(bank, 'boris');
  const { body } = await other.attended('/v1/accounts');
  const elsewhere = next.replace(/accounts\/[^/]+/, `accounts/${body.accounts[0].resourceId}`);
  expect((await other.read(elsewhere)).status).toBe(400);
  bank.clock.advance(2 * 3_600_000);
  expect((await boris.read(next)).status).toBe(400);
});

test('a date of HTTP, and any format or JSON among others, are taken', async () => {
  const fine = { date: 'Tue, 10 Mar 2026 10:00:00 GMT', accept: 'text/html, application/json;q=0.9' };
  expect((await (await startBank()).call('/v1/consents', post(fine))).status).toBe(201);
});

test('an end user who is there has an address, and one that is none is refused', async () => {
  await openBoris();
  for (const url of ['/v1/accounts', `${path}?bookingStatus=booked&dateFrom=2026-03-01`, next]) {
    const { status, body } = await boris.read(url, { 'psu-ip-address': 'somewhere' });
    expect([status, body.tppMessages[0].code]).toEqual([400, 'FORMAT_ERROR']);
  }
});

test('another TPP reads nothing under a consent, and a consent that awaits the end user opens nothing', async () => {
  await openBoris();
  for (const url of ['/v1/accounts', path, next]) {
    const { status, body } = await boris.read(url, { 'x-tpp-id': 'somebody-else', 'psu-ip-address': '192.0.2.7' });
    expect([status, body.tppMessages[0].code]).toEqual([400, 'CONSENT_UNKNOWN']);
  }
  const { body: waiting } = await createConsent(bank);
  const { status, body } = await bank.call('/v1/accounts', { headers: { 'consent-id': waiting.consentId } });
  expect([status, body.tppMessages[0].code]).toEqual([401, 'CONSENT_INVALID']);
});

test('accesses without the end user are counted by consent, account and endpoint; pages and attended ones are not', async () => {
  await openBoris();
  const { body } = await boris.attended('/v1/accounts');
  const [first, second] = body.accounts.map(({ resourceId }: { resourceId: string }) => `/v1/accounts/${resourceId}`);
  const days = 'bookingStatus=both&dateFrom=2026-01-01';
  const statusOf = async (url: string, connection = boris) => (await connection.read(url)).status;
  for (let access = 1; access <= 4; access += 1) {
    const reading = await boris.read(`${first}/transactions?${days}`);
    expect(reading.status).toBe(200);
    expect(await statusOf(reading.body.transactions._links.next.href)).toBe(200);
    bank.clock.advance(60 * 60_000);
  }
  const { status, body: refusal } = await boris.read(`${first}/transactions?${days}`);
  expect([status, refusal.tppMessages[0].code]).toEqual([429, 'ACCESS_EXCEEDED']);
  expect(await statusOf(`${first}/transactions?bookingStatus=booked&dateFrom=2026-03-01`)).toBe(429);
  expect((await boris.attended(`${first}/transactions?${days}`)).status).toBe(200);
  expect(await statusOf(`${first}/balances`)).toBe(200);
  expect(await statusOf(`${second}/transactions?${days}`)).toBe(200);
  expect(await statusOf('/v1/accounts')).toBe(200);
  expect(await statusOf('/v1/accounts', await connect(bank, 'boris'))).toBe(200);
  // A day after the first of them one is free again, and no more.
  bank.clock.advance(20 * 60 * 60_000);
  expect(await statusOf(`${first}/transactions?${days}`)).toBe(200);
  expect(await statusOf(`${first}/transactions?${days}`)).toBe(429);
});

test('older than 90 days is shown for half an hour after the SCA, while the end user is there', async () => {
  await openBoris();
  const query = `${path}?bookingStatus=booked&dateFrom=2025-01-01`;
  expect((await boris.attended(query)).status).toBe(200);
  const alone = await boris.read(query);
  expect([alone.status, alone.body.tppMessages[0].code]).toEqual([400, 'PERIOD_INVALID']);
  bank.clock.advance(31 * 60_000);
  const { status, body } = await boris.attended(query);
  expect([status, body.tppMessages[0].code]).toEqual([400, 'PERIOD_INVALID']);
});

test('an error in the bank itself is told, and answered with 500', async () => {
  const broken = await startBank({ clock: { now: () => new Date(Number.NaN) } });
  expect((await createConsent(broken)).status).toBe(500);
  expect(broken.errors).toHaveLength(1);
});
