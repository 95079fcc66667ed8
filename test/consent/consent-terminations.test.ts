import { expect, it } from 'vitest';
import { BankFailure, type BankFailureCode } from '../../src/banking/bank-failure.ts';
import type { KeptCredentials } from '../../src/banking/bank-port.ts';
import { credentialsOf } from '../../src/consent/consent-store.ts';
import { createConsentTerminationStore } from '../../src/consent/consent-termination-store.ts';
import { createConsentTerminations } from '../../src/consent/consent-terminations.ts';
import { NotFound } from '../../src/domain/errors.ts';
import { newId } from '../../src/domain/ids.ts';
import { createEncryption, singleKey } from '../../src/storage/encryption.ts';
import { insertBank } from '../support/enrolled-users.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { createTestLog } from '../sync/test-log.ts';

async function createWorld() {
  const database = await openTestDatabase();
  const clock = fixedClock();
  const encryption = createEncryption(singleKey(Buffer.alloc(32, 7)));
  const bankId = await insertBank(database);
  const ended: string[] = [];
  const bank = {
    isDown: false,
    failure: null as Error | null,
    isListed: true,
    calls: 0,
    end: async ({ text: consentId }: KeptCredentials) => {
      bank.calls += 1;
      if (bank.failure) throw bank.failure;
      if (bank.isDown) throw new BankFailure('BANK_UNAVAILABLE', 'down');
      ended.push(consentId);
    },
  };
  const log = createTestLog();
  const create = () =>
    createConsentTerminations({
      clock,
      store: createConsentTerminationStore(database),
      banks: {
        get: (id) => {
          if (!bank.isListed) throw new NotFound('bank', id);
          return bank as never;
        },
      },
      encryption,
      log,
    });
  const queue = (credentials: string) =>
    database.prisma.consentTermination.create({
      data: {
        id: newId('consentTermination', clock.now()),
        bankId,
        consentId: 'cns_1',
        credentials: encryption.encrypt(credentials, credentialsOf('cns_1')),
        nextAttemptAt: clock.now(),
        createdAt: clock.now(),
      },
    });
  return { database, clock, bank, ended, log, create, queue };
}

it('asks a bank that is down again, ever more rarely, and ends the consent once it is up', async () => {
  const { database, clock, bank, ended, create, queue } = await createWorld();
  await queue('k1');
  bank.isDown = true;
  const { work } = create();
  const waits: number[] = [];
  for (let i = 0; i < 4; i++) {
    await work();
    const { nextAttemptAt } = await database.prisma.consentTermination.findFirstOrThrow();
    waits.push(nextAttemptAt.getTime() - clock.now().getTime());
    clock.set(nextAttemptAt);
  }
  expect(waits.map((ms) => ms / 60_000)).toEqual([1, 2, 4, 8]);

  bank.isDown = false;
  await work();
  expect(ended).toEqual(['k1']);
  expect(await database.prisma.consentTermination.count()).toBe(0);
});

it('leaves alone what is not due', async () => {
  const { clock, bank, ended, create, queue } = await createWorld();
  await queue('k1');
  bank.isDown = true;
  const { work } = create();
  await work();
  bank.isDown = false;
  clock.advance(59_000);
  await work();
  expect(ended).toEqual([]);
});

it('gives up after thirty attempts, and says so in the log', async () => {
  const { database, clock, bank, log, create, queue } = await createWorld();
  await queue('k1');
  bank.isDown = true;
  const { work } = create();
  for (let i = 0; i < 30; i++) {
    await work();
    clock.advance(6 * 3_600_000);
  }
  expect(await database.prisma.consentTermination.count()).toBe(0);
  expect(log.lines.filter(({ level }) => level === 50)).toHaveLength(1);
});

// Whatever was no silence was given up after 15 minutes: too soon for an operator to renew a certificate.
const persistence: Record<BankFailureCode | 'not listed', number> = {
  BANK_UNAVAILABLE: 30,
  ACCESS_EXCEEDED: 30,
  CERTIFICATE_REJECTED: 30,
  SIGNATURE_REJECTED: 30,
  CONSENT_EXPIRED: 30,
  CONSENT_INVALID: 30,
  CREDENTIALS_INVALID: 30,
  MALFORMED_REPLY: 30,
  REQUEST_REFUSED: 5,
  'not listed': 30,
};

it.each(Object.entries(persistence) as Array<[BankFailureCode | 'not listed', number]>)(
  'where it meets %s it tries %i times, a week at most',
  async (code, attempts) => {
    const { database, clock, bank, create, queue } = await createWorld();
    await queue('k1');
    const { work } = create();
    bank.isListed = code !== 'not listed';
    if (code !== 'not listed') bank.failure = new BankFailure(code, 'no');
    const startedAt = clock.now().getTime();
    for (let n = 1; n <= attempts; n++) {
      const { attemptCount, nextAttemptAt } = await database.prisma.consentTermination.findFirstOrThrow();
      expect(attemptCount).toBe(n - 1);
      clock.set(nextAttemptAt);
      await work();
    }
    expect(await database.prisma.consentTermination.count()).toBe(0);
    expect(clock.now().getTime() - startedAt).toBeLessThan(7 * 86_400_000);
  },
);

it.each([
  ['in three hours', 3, 3],
  ['next month', 30 * 24, 24],
])('comes back when the bank says: %s', async (_when, hours, expected) => {
  const { database, clock, bank, create, queue } = await createWorld();
  await queue('k1');
  const retryAt = new Date(clock.now().getTime() + hours * 3_600_000);
  bank.failure = new BankFailure('ACCESS_EXCEEDED', 'enough', { retryAt });
  await create().work();
  const { nextAttemptAt } = await database.prisma.consentTermination.findFirstOrThrow();
  expect(nextAttemptAt).toEqual(new Date(clock.now().getTime() + expected * 3_600_000));
});

it('counts only what the bank was asked: the others of a bank that is silent keep their attempts', async () => {
  const { database, bank, create, queue } = await createWorld();
  for (const id of ['k1', 'k2', 'k3']) await queue(id);
  bank.isDown = true;
  await create().work();
  expect(bank.calls).toBe(1);
  const kept = await database.prisma.consentTermination.findMany({ orderBy: { attemptCount: 'asc' } });
  expect(kept.map(({ attemptCount }) => attemptCount)).toEqual([0, 0, 1]);
});

it('ends each consent once when several processes work at it', async () => {
  const { ended, create, queue } = await createWorld();
  const wanted = ['k1', 'k2', 'k3', 'k4', 'k5'];
  for (const id of wanted) await queue(id);
  await Promise.all([create().work(), create().work(), create().work()]);
  expect(ended.toSorted()).toEqual(wanted);
});
