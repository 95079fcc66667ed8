import { expect, onTestFinished, test } from 'vitest';
import type { BankPort, EnteredStep, KeptCredentials } from '../../src/banking/bank-port.ts';
import { openPage } from '../../src/cli/form-browser.ts';
import type { BankEntry, ScaApproach } from '../../src/domain/bank-entry.ts';
import { createSandboxBank } from '../../src/sandbox-bank/sandbox-bank.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import {
  beginConsent,
  collect,
  consentRequest,
  failureOf,
  givenAccount,
  kept,
  now,
  openBank,
  psu,
} from './fake-bank.ts';
import { isSpecificationAtHand, startRecorder } from './journey-recorder.ts';

/*
 * Adapter and sandbox bank together, every request and every reply held against the Berlin Group's own OpenAPI file. What
 * each of them does alone has its own tests; here is what they say to each other. Every other way to a consent is held against it in
 * sandbox-habits.test.ts.
 */

async function start(approach: ScaApproach, entry: Partial<BankEntry> = {}) {
  const clock = fixedClock(now);
  const sandbox = await createSandboxBank({ host: '127.0.0.1', port: 0, dataFile: null, clock, slowMs: 10 });
  onTestFinished(async () => await sandbox.close());
  const { url, recording } = await startRecorder(sandbox.url, approach);
  return { bank: openBank(url, { preferredApproach: approach, ...entry }), url, clock, recording };
}

async function approve(page: { url: string; psuId: string }, decision = 'approve'): Promise<void> {
  const entries: Record<string, string> = { psu_id: page.psuId, password: 'sandbox', otp: '123456', decision };
  let shown = await openPage(page.url, { stopBefore: (target) => target.startsWith('https://tidewater.example') });
  for (let pageCount = 0; shown.forms.length > 0; pageCount += 1) {
    if (pageCount > 6) throw new Error(`The bank's forms do not end: ${shown.title}`);
    const names = new Set(shown.forms.flatMap(({ fields }) => fields.map(({ name }) => name)));
    shown = await shown.submit(Object.fromEntries(Object.entries(entries).filter(([name]) => names.has(name))));
  }
}

async function connect(bank: BankPort, psuId: string): Promise<KeptCredentials> {
  const { credentials, progress } = await beginConsent(bank);
  if (progress.next.step !== 'go-to-bank') throw new Error(`The bank wants ${progress.next.step}.`);
  await approve({ url: progress.next.url, psuId });
  expect((await bank.getConsent(credentials)).status).toBe('valid');
  return credentials;
}

async function readAll(bank: BankPort, credentials: KeptCredentials, who: typeof psu | null = psu): Promise<number> {
  const access = { credentials, psu: who };
  let count = 0;
  for (const account of (await bank.listAccounts(access)).accounts) {
    await bank.readBalances(account, access);
    const pages = await collect(bank.listTransactions(account, { dateFrom: '2025-12-20' }, access));
    count += pages.reduce((sum, { transactions }) => sum + transactions.length, 0);
  }
  return count;
}

const once = (calls: string[]) => [...new Set(calls)].sort();

test.skipIf(!isSpecificationAtHand)(
  'redirect: consent, reading with and without the end user, renewal, and the end of both consents',
  async () => {
    const { bank, recording } = await start('redirect');
    const first = await connect(bank, 'anna');
    await readAll(bank, first);
    await readAll(bank, first, null);
    const second = await connect(bank, 'anna');
    await bank.end(first);
    expect((await bank.getConsent(first)).status).toBe('terminated');
    expect((await failureOf(bank.listAccounts({ credentials: first, psu: null }))).code).toBe('CONSENT_INVALID');
    await readAll(bank, second, null);
    await bank.end(second);
    expect(recording.faults).toEqual([]);
    expect(once(recording.calls)).toEqual([
      'DELETE /v1/consents/{} 204',
      'GET /v1/accounts 200',
      'GET /v1/accounts 401',
      'GET /v1/accounts/{}/balances 200',
      'GET /v1/accounts/{}/transactions 200',
      'GET /v1/consents/{} 200',
      'POST /v1/consents 201',
    ]);
  },
);

test.skipIf(!isSpecificationAtHand).each(['boris', 'hugo', 'clara'])(
  '%s: pages, currencies, and transactions without ids',
  async (psuId) => {
    const { bank, recording } = await start('redirect');
    expect(await readAll(bank, await connect(bank, psuId))).toBeGreaterThan(10);
    expect(recording.faults).toEqual([]);
  },
);

test.skipIf(!isSpecificationAtHand)('decoupled: the id, the status while the app is asked, and a denial', async () => {
  const { bank, url, recording } = await start('decoupled');
  for (const decision of ['approve', 'deny']) {
    const { credentials } = await beginConsent(bank);
    await bank.continue(credentials, { psu, input: { step: 'identify', psuId: 'anna', corporateId: null } });
    expect((await bank.getProgress(credentials)).next.step).toBe('approve-in-app');
    await approve({ url: `${url}/app`, psuId: 'anna' }, decision);
    const decided = decision === 'approve' ? 'done' : 'failed';
    expect((await bank.getProgress(credentials)).next.step).toBe(decided);
  }
  expect(recording.faults).toEqual([]);
});

test.skipIf(!isSpecificationAtHand)(
  'embedded: password, choice of method and OTP, each wrong once, and an OTP wrong to the end',
  async () => {
    const { bank, recording } = await start('embedded');
    for (const otps of [
      ['000000', '123456'],
      ['000000', '000000', '000000'],
    ]) {
      const { credentials } = await beginConsent(bank);
      const enter = async (input: EnteredStep['input']) => (await bank.continue(credentials, { psu, input })).next.step;
      expect(await enter({ step: 'identify', psuId: 'anna', corporateId: null })).toBe('authenticate');
      expect(
        (await failureOf(enter({ step: 'authenticate', psuId: 'anna', corporateId: null, password: 'wrong' }))).code,
      ).toBe('CREDENTIALS_INVALID');
      expect(await enter({ step: 'authenticate', psuId: 'anna', corporateId: null, password: 'sandbox' })).toBe(
        'choose-method',
      );
      expect((await failureOf(enter({ step: 'choose-method', methodId: 'pigeon' }))).code).toBe('REQUEST_REFUSED');
      expect(await enter({ step: 'choose-method', methodId: 'chip' })).toBe('enter-otp');
      const last = otps.at(-1) ?? '';
      for (const otp of otps.slice(0, -1)) {
        expect((await failureOf(enter({ step: 'enter-otp', otp }))).code).toBe('CREDENTIALS_INVALID');
      }
      expect(await enter({ step: 'enter-otp', otp: last })).toBe(last === '123456' ? 'done' : 'failed');
    }
    expect(recording.faults).toEqual([]);
    expect(once(recording.calls)).toEqual([
      'GET /v1/consents/{}/authorisations/{} 200',
      'POST /v1/consents 201',
      'POST /v1/consents/{}/authorisations 201',
      'PUT /v1/consents/{}/authorisations/{} 200',
      'PUT /v1/consents/{}/authorisations/{} 400',
      'PUT /v1/consents/{}/authorisations/{} 401',
    ]);
  },
);

test.skipIf(!isSpecificationAtHand)(
  'refusals: what is asked too often, too far back, under no consent, of nobody and of a bank that is down',
  async () => {
    const { bank, clock, recording } = await start('redirect');
    const felix = await connect(bank, 'felix');
    for (let access = 1; access <= 4; access += 1) await bank.listAccounts({ credentials: felix, psu: null });
    expect((await failureOf(bank.listAccounts({ credentials: felix, psu: null }))).code).toBe('ACCESS_EXCEEDED');
    for (const [psuId, code] of [
      ['dmitri', 'CONSENT_EXPIRED'],
      ['elena', 'BANK_UNAVAILABLE'],
    ] as const) {
      const credentials = await connect(bank, psuId);
      await readAll(bank, credentials);
      expect((await failureOf(bank.listAccounts({ credentials, psu }))).code).toBe(code);
    }
    const anna = await connect(bank, 'anna');
    const [account] = (await bank.listAccounts({ credentials: anna, psu })).accounts;
    clock.advance(31 * 60_000);
    const access = { credentials: anna, psu };
    const read = (id: string | undefined, dateFrom: string) =>
      collect(bank.listTransactions(givenAccount({ resourceId: id ?? '' }), { dateFrom }, access));
    const tooOld = await failureOf(read(account?.resourceId, '2025-01-01'));
    expect(tooOld).toMatchObject({ concernsPeriod: true, details: { messageCode: 'PERIOD_INVALID' } });
    // An account that the bank does not know has no transactions.
    expect(await read('11111111-1111-4111-8111-111111111111', '2026-03-01')).toMatchObject([{ transactions: [] }]);
    const nothing = kept('11111111-1111-4111-8111-111111111111');
    expect((await failureOf(bank.getConsent(nothing))).code).toBe('CONSENT_INVALID');
    expect((await failureOf(bank.listAccounts({ credentials: nothing, psu }))).code).toBe('CONSENT_INVALID');
    expect((await failureOf(bank.begin({ ...consentRequest, validUntil: '2026-03-01' }))).code).toBe('REQUEST_REFUSED');
    expect(recording.faults).toEqual([]);
    const statuses = new Set(recording.calls.map((call) => call.split(' ').at(-1)));
    expect(statuses).toEqual(new Set(['200', '201', '400', '401', '403', '404', '429', '503']));
  },
);

test.skipIf(!isSpecificationAtHand)('a check that lets everything through would prove nothing', async () => {
  const { url, recording } = await start('redirect');
  await fetch(`${url}/v1/accounts`, { headers: { 'psu-ip-address': 'nobody' } });
  expect(recording.faults.length).toBeGreaterThan(1);
});
