import { expect, onTestFinished, test } from 'vitest';
import type { BankAccount, BankPort, EnteredStep, KeptCredentials } from '../../src/banking/bank-port.ts';
import { openPage } from '../../src/cli/form-browser.ts';
import type { ScaApproach } from '../../src/domain/bank-entry.ts';
import { createSandboxBank } from '../../src/sandbox-bank/sandbox-bank.ts';
import { type FixedClock, fixedClock } from '../support/fixed-clock.ts';
import { beginConsent, collect, consentRequest, failureOf, now, openBank, psu } from './fake-bank.ts';

interface Journey {
  bank: BankPort;
  url: string;
  clock: FixedClock;
}

async function startSandbox(approach: ScaApproach): Promise<Journey> {
  const clock = fixedClock(now);
  const sandbox = await createSandboxBank({ host: '127.0.0.1', port: 0, dataFile: null, clock, slowMs: 50 });
  onTestFinished(async () => await sandbox.close());
  const url = `${sandbox.url}/${approach}`;
  return { bank: openBank(url, { preferredApproach: approach }), url, clock };
}

/** Goes through the bank's forms like a person who knows what to enter, until they are over or lead back to us. */
async function goThroughForms(url: string, entries: Record<string, string>): Promise<string> {
  let page = await openPage(url, { stopBefore: (target) => target.startsWith('https://tidewater.example') });
  for (let pageCount = 0; page.forms.length > 0; pageCount += 1) {
    if (pageCount > 6) throw new Error(`The bank's forms do not end: ${page.title}`);
    const names = new Set(page.forms.flatMap(({ fields }) => fields.map(({ name }) => name)));
    page = await page.submit(Object.fromEntries(Object.entries(entries).filter(([name]) => names.has(name))));
  }
  return page.url;
}

const identify = (psuId: string) => ({ step: 'identify', psuId, corporateId: null }) as const;
const person = (psuId: string) => ({ psu_id: psuId, password: 'sandbox', otp: '123456', decision: 'approve' });

async function begin(bank: BankPort): Promise<{ credentials: KeptCredentials; url: string }> {
  const { credentials, progress } = await beginConsent(bank);
  return { credentials, url: progress.next.step === 'go-to-bank' ? progress.next.url : '' };
}

async function connectByRedirect({ bank }: Journey, psuId: string): Promise<KeptCredentials> {
  const { credentials, url } = await begin(bank);
  expect((await bank.getConsent(credentials)).status).toBe('received');
  expect(await goThroughForms(url, person(psuId))).toBe(consentRequest.redirectUrl);
  return credentials;
}

async function readTransactions(bank: BankPort, account: BankAccount, credentials: KeptCredentials) {
  const pages = await collect(bank.listTransactions(account, { dateFrom: '2025-12-10' }, { credentials, psu }));
  expect(pages.flatMap(({ faults }) => faults)).toEqual([]);
  return { pageCount: pages.length, transactions: pages.flatMap(({ transactions }) => transactions) };
}

async function listAccounts(bank: BankPort, credentials: KeptCredentials): Promise<BankAccount[]> {
  return (await bank.listAccounts({ credentials, psu })).accounts;
}

test('redirect: anna approves at the bank, and her accounts can be read until the consent is ended', async () => {
  const journey = await startSandbox('redirect');
  const { bank } = journey;
  const credentials = await connectByRedirect(journey, 'anna');
  expect(await bank.getConsent(credentials)).toEqual({
    status: 'valid',
    recurring: true,
    validUntil: consentRequest.validUntil,
    frequencyPerDay: 4,
  });

  const accounts = await listAccounts(bank, credentials);
  expect(accounts).toHaveLength(2);
  for (const account of accounts) {
    expect(account.iban).toMatch(/^DE\d{20}$/);
    const { balances } = await bank.readBalances(account, { credentials, psu });
    expect(balances.map(({ amount }) => amount.currency)).toContain(account.currency);
    const { transactions } = await readTransactions(bank, account, credentials);
    expect(transactions.length).toBeGreaterThan(10);
    expect(new Set(transactions.map(({ status }) => status))).toEqual(new Set(['BOOKED', 'PENDING']));
    expect(transactions.filter(({ counterpartyName }) => counterpartyName === null)).toEqual([]);
  }

  await bank.end(credentials);
  await bank.end(credentials);
  expect((await bank.getConsent(credentials)).status).toBe('terminated');
  expect((await failureOf(bank.listAccounts({ credentials, psu }))).code).toBe('CONSENT_INVALID');
});

test('redirect: a consent that the end user denies is rejected', async () => {
  const { bank } = await startSandbox('redirect');
  const { credentials, url } = await begin(bank);
  const back = await goThroughForms(url, { ...person('anna'), decision: 'deny' });
  expect(back).toBe(consentRequest.nokRedirectUrl);
  expect((await bank.getConsent(credentials)).status).toBe('rejected');
});

test('decoupled: the bank asks for the id, and the end user approves in the app', async () => {
  const { bank, url } = await startSandbox('decoupled');
  const { credentials, progress } = await beginConsent(bank);
  expect(progress.next).toEqual({ step: 'identify' });
  const started = await bank.continue(credentials, { psu, input: identify('anna') });
  expect(started).toMatchObject({ next: { step: 'approve-in-app' }, message: expect.any(String) });
  expect((await bank.getProgress(credentials)).next.step).toBe('approve-in-app');

  await goThroughForms(`${url}/app`, person('anna'));
  expect((await bank.getProgress(credentials)).next.step).toBe('done');
  expect((await bank.getConsent(credentials)).status).toBe('valid');
  expect(await listAccounts(bank, credentials)).toHaveLength(2);
});

test('decoupled: somebody whom the bank does not know is told so', async () => {
  const { bank } = await startSandbox('decoupled');
  const { credentials } = await beginConsent(bank);
  const wrong = await failureOf(bank.continue(credentials, { psu, input: identify('nobody') }));
  expect(wrong.code).toBe('CREDENTIALS_INVALID');
  expect((await bank.continue(credentials, { psu, input: identify('anna') })).next.step).toBe('approve-in-app');
});

async function startEmbedded(psuId: string) {
  const { bank } = await startSandbox('embedded');
  const { credentials, progress } = await beginConsent(bank);
  expect(progress.next).toEqual({ step: 'identify' });
  const enter = async (input: EnteredStep['input']) => (await bank.continue(credentials, { psu, input })).next;
  const logIn = (password: string) => enter({ step: 'authenticate', psuId, corporateId: null, password });
  return { bank, credentials, enter, logIn };
}

test('embedded: password, method and OTP are entered with us; a wrong one can be corrected', async () => {
  const { bank, credentials, enter, logIn } = await startEmbedded('anna');
  expect(await enter(identify('anna'))).toEqual({ step: 'authenticate' });
  const wrongPassword = await failureOf(logIn('wrong'));
  expect(wrongPassword.code).toBe('CREDENTIALS_INVALID');

  const methodStep = await logIn('sandbox');
  if (methodStep.step !== 'choose-method') throw new Error(`The bank wants ${methodStep.step}.`);
  expect(methodStep.methods.length).toBeGreaterThan(1);
  const otpStep = await enter({ step: 'choose-method', methodId: methodStep.methods[0]?.id ?? '' });
  expect(otpStep).toMatchObject({ step: 'enter-otp', challenge: { otpFormat: 'integer', otpMaxLength: 6 } });

  expect((await failureOf(enter({ step: 'enter-otp', otp: '000000' }))).code).toBe('CREDENTIALS_INVALID');
  expect(await enter({ step: 'enter-otp', otp: '123456' })).toEqual({ step: 'done' });
  expect((await bank.getConsent(credentials)).status).toBe('valid');
  expect(await listAccounts(bank, credentials)).toHaveLength(2);
});

test('embedded: after too many wrong OTPs the authorisation has failed', async () => {
  const { bank, credentials, enter, logIn } = await startEmbedded('anna');
  await enter(identify('anna'));
  await logIn('sandbox');
  await enter({ step: 'choose-method', methodId: 'sms' });
  const outcomes: string[] = [];
  while (outcomes.length < 10 && outcomes.at(-1) !== 'failed') {
    const outcome = enter({ step: 'enter-otp', otp: '000000' });
    outcomes.push(await outcome.then((next) => next.step).catch(async () => (await failureOf(outcome)).code));
  }
  expect(outcomes).toEqual(['CREDENTIALS_INVALID', 'CREDENTIALS_INVALID', 'failed']);
  expect((await bank.getConsent(credentials)).status).toBe('rejected');
});

test('boris: twenty thousand transactions come page by page, none lost, none twice', async () => {
  const journey = await startSandbox('redirect');
  const { bank } = journey;
  const credentials = await connectByRedirect(journey, 'boris');
  const accounts = await listAccounts(bank, credentials);
  expect(accounts).toHaveLength(3);
  const ids: (string | null)[] = [];
  for (const account of accounts) {
    const { pageCount, transactions } = await readTransactions(bank, account, credentials);
    expect(pageCount).toBeGreaterThan(5);
    ids.push(...transactions.map(({ bankTransactionId }) => bankTransactionId));
  }
  expect(ids.length).toBeGreaterThan(19_000);
  expect(new Set(ids).size).toBe(ids.length);
});

test('hugo: transactions without any id, in several currencies', async () => {
  const journey = await startSandbox('redirect');
  const { bank } = journey;
  const credentials = await connectByRedirect(journey, 'hugo');
  const accounts = await listAccounts(bank, credentials);
  expect(new Set(accounts.map(({ currency }) => currency)).size).toBe(accounts.length);
  expect(new Set(accounts.map(({ iban }) => iban)).size).toBe(1);
  for (const account of accounts) {
    const { currency } = account;
    const { transactions } = await readTransactions(bank, account, credentials);
    expect(transactions.length).toBeGreaterThan(0);
    for (const transaction of transactions) {
      expect(transaction).toMatchObject({ bankTransactionId: null, entryReference: null, amount: { currency } });
    }
  }
});

test('felix: the fifth access of a day without the end user is one too many, with the end user it is not', async () => {
  const journey = await startSandbox('redirect');
  const { bank, clock } = journey;
  const credentials = await connectByRedirect(journey, 'felix');
  for (let access = 1; access <= 4; access += 1) await bank.listAccounts({ credentials, psu: null });
  expect((await failureOf(bank.listAccounts({ credentials, psu: null }))).code).toBe('ACCESS_EXCEEDED');
  await bank.listAccounts({ credentials, psu });
  clock.advance(25 * 60 * 60_000);
  await bank.listAccounts({ credentials, psu: null });
});

test.each<[psuId: string, code: string]>([
  ['dmitri', 'CONSENT_EXPIRED'],
  ['elena', 'BANK_UNAVAILABLE'],
])('%s: after the first fetch the bank answers %s', async (psuId, code) => {
  const journey = await startSandbox('redirect');
  const { bank } = journey;
  const credentials = await connectByRedirect(journey, psuId);
  for (const account of await listAccounts(bank, credentials)) {
    await readTransactions(bank, account, credentials);
  }
  expect((await failureOf(bank.listAccounts({ credentials, psu: null }))).code).toBe(code);
});

test('greta: the SCA fails, and the consent with it', async () => {
  const { bank } = await startSandbox('redirect');
  const { credentials, url } = await begin(bank);
  expect(await goThroughForms(url, person('greta'))).toBe(consentRequest.nokRedirectUrl);
  expect((await bank.getConsent(credentials)).status).toBe('rejected');
});
