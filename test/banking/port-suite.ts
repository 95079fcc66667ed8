import { expect, test } from 'vitest';
import type { BankPort, EnteredStep, KeptCredentials, NextStep, Progress } from '../../src/banking/bank-port.ts';
import { collect, consentRequest, failureOf, kept, psu } from './fake-bank.ts';

/** A bank of the protocol with an end user `anna` (password `sandbox`, code `123456`) who has accounts there. */
export interface PortWorld {
  bank: BankPort;
  /** Goes through the bank's pages, and approves or denies; the address that the bank leads back to. */
  visitBank(url: string, decision: 'approve' | 'deny'): Promise<URL>;
  /** The same in the bank's app. */
  useApp(decision: 'approve' | 'deny'): Promise<void>;
}

/** What every adapter promises by `BankPort`, whatever its protocol. */
export function describePort(open: () => Promise<PortWorld>): void {
  async function begin({ bank }: PortWorld) {
    const begun = await bank.begin(consentRequest);
    return { credentials: kept(begun.credentials), progress: begun.progress };
  }

  /** Does what the bank wants until it wants nothing more. */
  async function goOn(world: PortWorld, credentials: KeptCredentials, first: Progress, decision: 'approve' | 'deny') {
    let { next } = first;
    for (let stepCount = 0; next.step !== 'done' && next.step !== 'failed'; stepCount += 1) {
      if (stepCount > 10) throw new Error(`The steps do not end: ${next.step}`);
      ({ next } = await takeStep(world, credentials, next, decision));
    }
    return next.step;
  }

  async function takeStep(
    world: PortWorld,
    credentials: KeptCredentials,
    next: NextStep,
    decision: 'approve' | 'deny',
  ) {
    if (next.step === 'go-to-bank') {
      const { searchParams: parameters } = await world.visitBank(next.url, decision);
      expect(parameters.get('state')).toBe(next.state);
      return await world.bank.callback(credentials, { parameters, psu });
    }
    if (next.step === 'approve-in-app') {
      await world.useApp(decision);
      return await world.bank.getProgress(credentials);
    }
    return await world.bank.continue(credentials, { psu, input: toInput(next) });
  }

  async function connect(world: PortWorld): Promise<KeptCredentials> {
    const { credentials, progress } = await begin(world);
    await goOn(world, credentials, progress, 'approve');
    return credentials;
  }

  test('a consent that the end user approves is valid, and gives accounts, balances and transactions', async () => {
    const world = await open();
    const credentials = await connect(world);
    expect(await world.bank.getConsent(credentials)).toMatchObject({
      status: 'valid',
      recurring: true,
      validUntil: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      frequencyPerDay: expect.any(Number),
    });
    const access = { credentials, psu };
    const { accounts } = await world.bank.listAccounts(access);
    expect(accounts.length).toBeGreaterThan(0);
    for (const account of accounts) {
      const balances = account.balances ?? (await world.bank.readBalances(account, access)).balances;
      expect(balances.length).toBeGreaterThan(0);
      const pages = await collect(world.bank.listTransactions(account, { dateFrom: '2026-01-01' }, access));
      expect(pages.flatMap(({ transactions }) => transactions).length).toBeGreaterThan(0);
      expect(pages.flatMap(({ faults }) => faults)).toEqual([]);
    }
  });

  test('one that the end user denies is none, and ends quietly', async () => {
    const world = await open();
    const { credentials, progress } = await begin(world);
    const isEmbedded = progress.next.step !== 'go-to-bank' && progress.next.step !== 'approve-in-app';
    if (!isEmbedded) await goOn(world, credentials, progress, 'deny');
    expect((await world.bank.getConsent(credentials)).status).not.toBe('valid');
    await world.bank.end(credentials);
  });

  test('nobody reads without the end user’s approval', async () => {
    const world = await open();
    const { credentials } = await begin(world);
    const failure = await failureOf(world.bank.listAccounts({ credentials, psu: null }));
    expect(['CONSENT_INVALID', 'CONSENT_EXPIRED', 'REQUEST_REFUSED']).toContain(failure.code);
  });

  test('an end is the end, and may be asked for again', async () => {
    const world = await open();
    const credentials = await connect(world);
    await world.bank.end(credentials);
    await world.bank.end(credentials);
    const failure = await failureOf(world.bank.listAccounts({ credentials, psu: null }));
    expect(['CONSENT_INVALID', 'CONSENT_EXPIRED']).toContain(failure.code);
  });

  test('what it has stored last is enough for another process to go on with', async () => {
    const world = await open();
    const { credentials, progress } = await begin(world);
    let [present, next] = [credentials.text, progress.next];
    for (let stepCount = 0; next.step !== 'done' && stepCount < 10; stepCount += 1) {
      const elsewhere = kept(present);
      ({ next } = await takeStep(world, elsewhere, next, 'approve'));
      present = elsewhere.text;
    }
    const { accounts } = await world.bank.listAccounts({ credentials: kept(present), psu: null });
    expect(accounts.length).toBeGreaterThan(0);
  });

  test('credentials carry no password and no code', async () => {
    const credentials = await connect(await open());
    expect(credentials.text).not.toMatch(/sandbox"|123456/);
  });

  test('foreign credentials are those of no consent', async () => {
    const { bank } = await open();
    const failure = await failureOf(bank.listAccounts({ credentials: kept('{"version":"elsewhere-9"}'), psu: null }));
    expect(failure.code).toBe('CONSENT_INVALID');
  });
}

function toInput(next: NextStep): EnteredStep['input'] {
  const who = { psuId: 'anna', corporateId: null };
  switch (next.step) {
    case 'identify':
      return { step: 'identify', ...who };
    case 'authenticate':
      return { step: 'authenticate', ...who, password: 'sandbox' };
    case 'choose-method':
      return { step: 'choose-method', methodId: next.methods[0]?.id ?? '' };
    case 'enter-otp':
      return { step: 'enter-otp', otp: '123456' };
    default:
      throw new Error(`Nobody can enter anything: ${next.step}`);
  }
}
