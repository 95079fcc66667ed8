import { describe, expect, it, onTestFinished } from 'vitest';
import { createBankDirectory } from '../../src/banking/bank-directory.ts';
import type { BankPort, EnteredStep, NextStep } from '../../src/banking/bank-port.ts';
import { credentialsOf } from '../../src/consent/consent-store.ts';
import { plainHabits } from '../../src/domain/bank-entry.ts';
import type { FetchedTransaction } from '../../src/domain/transaction-fields.ts';
import { countChanges, eventBounds } from '../../src/events/event-bounds.ts';
import type { SynchronizedAccountData } from '../../src/events/event-catalogue.ts';
import { createSandboxBank } from '../../src/sandbox-bank/sandbox-bank.ts';
import { beginConsent } from '../banking/fake-bank.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { createSynchronizationWorld } from './synchronization-world.ts';

const psu = { ipAddress: '192.0.2.1' };
const hours = 3_600_000;

/** A login of this person at the sandbox bank, over HTTP, with a consent just granted. */
async function connect(psuId: string) {
  const clock = fixedClock();
  const sandbox = await createSandboxBank({ host: '127.0.0.1', port: 0, dataFile: null, clock });
  const banks = createBankDirectory(
    [
      {
        id: 'bank_test',
        name: 'Sandbox Bank',
        bic: null,
        bankCode: null,
        country: 'DE',
        baseUrl: `${sandbox.url}/embedded`,
        preferredApproach: 'embedded',
        scaValidityDays: 180,
        ownIpAddress: null,
        clientCertificate: null,
        signingCertificate: null,
        certificateAuthority: null,
        ...plainHabits,
      },
    ],
    { clock },
  );
  onTestFinished(async () => {
    await banks.close();
    await sandbox.close();
  });
  const bank = banks.get('bank_test');
  const told = new Map<string, { from: string; transactions: FetchedTransaction[] }>();
  const world = await createSynchronizationWorld({ banks: { get: () => listenIn(bank, told) }, clock });
  const consentId = await consent(bank, psuId);
  const { id } = await world.database.prisma.consent.findFirstOrThrow();
  const credentials = world.encryption.encrypt(consentId, credentialsOf(id));
  await world.database.prisma.consent.update({ where: { id }, data: { credentials, authorisedAt: clock.now() } });
  return {
    ...world,
    synchronize: (attended: 'attended' | 'unattended' = 'unattended') =>
      world.synchronizeLogin({
        loginId: world.loginId,
        trigger: attended === 'attended' ? 'CONNECT' : 'SCHEDULER',
        psu: attended === 'attended' ? psu : null,
        signal: new AbortController().signal,
      }),
    /** What is stored of the days that the bank was asked for last must be what it said of them, no more and no less. */
    async compareWithBank() {
      for (const { id, resourceId } of (await world.login()).accounts) {
        const { from, transactions } = told.get(resourceId) ?? { from: '', transactions: [] };
        const rows = await world.database.prisma.transaction.findMany({ where: { accountId: id } });
        const kept = rows.flatMap(({ status, amount, bookingDate }) => {
          const day = bookingDate?.toISOString().slice(0, 10) ?? null;
          return day === null || day >= from ? [line(status, amount.toFixed(2), day)] : [];
        });
        expect(kept.sort()).toEqual(
          transactions.map(({ status, amount, bookingDate }) => line(status, amount.amount, bookingDate)).sort(),
        );
      }
    },
  };
}

/** The same bank; what it says of transactions is written down, since it says something else every time. */
function listenIn(bank: BankPort, told: Map<string, { from: string; transactions: FetchedTransaction[] }>): BankPort {
  return {
    ...bank,
    async *listTransactions(account, query, access) {
      const transactions: FetchedTransaction[] = [];
      told.set(account.resourceId, { from: query.dateFrom, transactions });
      for await (const page of bank.listTransactions(account, query, access)) {
        transactions.push(...page.transactions);
        yield page;
      }
    },
  };
}

function line(status: string, amount: string, bookingDate: string | null): string {
  return `${status} ${amount} ${bookingDate}`;
}

async function consent(bank: BankPort, psuId: string): Promise<string> {
  const { credentials, progress } = await beginConsent(bank, { validUntil: '2026-06-08' });
  let { next } = progress;
  for (let input = answerTo(next, psuId); input; input = answerTo(next, psuId)) {
    ({ next } = await bank.continue(credentials, { psu, input }));
  }
  expect(next.step).toBe('done');
  return credentials.text;
}

function answerTo(next: NextStep, psuId: string): EnteredStep['input'] | null {
  switch (next.step) {
    case 'identify':
      return { step: 'identify', psuId, corporateId: null };
    case 'authenticate':
      return { step: 'authenticate', psuId, corporateId: null, password: 'sandbox' };
    case 'choose-method':
      return { step: 'choose-method', methodId: next.methods[0]?.id ?? '' };
    case 'enter-otp':
      return { step: 'enter-otp', otp: '123456' };
    default:
      return null;
  }
}

function countNew(data: object | undefined): number {
  const { accounts } = data as { accounts: SynchronizedAccountData[] };
  return accounts.reduce((sum, account) => sum + countChanges(account).newTransactionCount, 0);
}

// Real HTTP, and 20,000 transactions: a machine with other work needs its time.
describe('at the sandbox bank', { timeout: 120_000 }, () => {
  it.each(['anna', 'hugo'])('%s has what the bank has, sync after sync, each transaction once', async (person) => {
    const world = await connect(person);
    expect(await world.synchronize('attended')).toMatchObject({ kind: 'synchronized' });
    await world.compareWithBank();
    for (let n = 0; n < 6; n++) {
      world.clock.advance(12 * hours);
      expect(await world.synchronize()).toMatchObject({ kind: 'synchronized' });
      await world.compareWithBank();
    }
    const accounts = (await world.login()).accounts;
    expect(accounts).toHaveLength(2);
    const told = (await world.events()).flatMap(
      ({ data }) => (data as { accounts: SynchronizedAccountData[] }).accounts,
    );
    // What was pending has been booked as the same transaction: nothing is ever taken back.
    expect(told.flatMap(({ removedTransactionIds }) => removedTransactionIds)).toEqual([]);
    expect(told.flatMap(({ updatedTransactions }) => updatedTransactions).length).toBeGreaterThan(0);
    if (person === 'hugo') expect(new Set(accounts.map(({ iban }) => iban)).size).toBe(1);
  });

  it('boris has 20,000 transactions at once, and a few more the next day', async () => {
    const world = await connect('boris');
    expect(await world.synchronize('attended')).toMatchObject({ kind: 'synchronized' });
    const count = await world.database.prisma.transaction.count();
    expect(count).toBeGreaterThan(19_000);
    world.clock.advance(12 * hours);
    expect(await world.synchronize()).toMatchObject({ kind: 'synchronized' });
    const [connected, synchronized] = await world.events();
    // The event keeps some of them, and says how many there were.
    expect(countNew(connected?.data)).toBe(count);
    expect(JSON.stringify(connected?.data).length).toBeLessThan(eventBounds.charactersKept);
    expect(countNew(synchronized?.data)).toBeLessThan(1_000);
    expect(await world.database.prisma.transaction.count()).toBeGreaterThan(count);
  });

  it.each([
    ['dmitri', 'CONSENT_EXPIRED', 'SCA_REQUIRED'],
    ['elena', 'BANK_UNAVAILABLE', 'SYNC_FAILED'],
  ])('%s is synchronized once, and then meets %s', async (person, code, status) => {
    const world = await connect(person);
    expect(await world.synchronize('attended')).toMatchObject({ kind: 'synchronized' });
    world.clock.advance(12 * hours);
    expect(await world.synchronize()).toMatchObject({ kind: 'failed', code });
    expect(await world.login()).toMatchObject({ status, lastAttempt: { errorCode: code } });
  });

  it('felix never gets to hear that the bank has had enough', async () => {
    const world = await connect('felix');
    expect(await world.synchronize('attended')).toMatchObject({ kind: 'synchronized' });
    for (let n = 0; n < 4; n++) expect(await world.synchronize()).toMatchObject({ kind: 'synchronized' });
    expect(await world.synchronize()).toMatchObject({ kind: 'skipped', reason: 'ACCESS_LIMIT' });
    world.clock.advance(25 * hours);
    expect(await world.synchronize()).toMatchObject({ kind: 'synchronized' });
    expect((await world.login()).consents[0]?.accessClosedUntil).toBeNull();
  });
});
