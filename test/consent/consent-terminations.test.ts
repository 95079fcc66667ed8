import { expect, it } from 'vitest';
import { BankFailure } from '../../src/banking/bank-failure.ts';
import { createConsentTerminationStore } from '../../src/consent/consent-termination-store.ts';
import { createConsentTerminations } from '../../src/consent/consent-terminations.ts';
import { newId } from '../../src/domain/ids.ts';
import { createEncryption } from '../../src/storage/encryption.ts';
import { insertBank } from '../support/enrolled-users.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { createTestLog } from '../sync/test-log.ts';

async function createWorld() {
  const database = await openTestDatabase();
  const clock = fixedClock();
  const encryption = createEncryption(Buffer.alloc(32, 7));
  const bankId = await insertBank(database);
  const ended: string[] = [];
  const bank = {
    isDown: false,
    endConsent: async (consentId: string) => {
      if (bank.isDown) throw new BankFailure('BANK_UNAVAILABLE', 'down');
      ended.push(consentId);
    },
  };
  const log = createTestLog();
  const create = () =>
    createConsentTerminations({
      clock,
      store: createConsentTerminationStore(database),
      banks: { get: () => bank as never },
      encryption,
      log,
    });
  const queue = (bankConsentId: string) =>
    database.prisma.consentTermination.create({
      data: {
        id: newId('consentTermination', clock.now()),
        bankId,
        bankConsentId: encryption.encrypt(bankConsentId),
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

it('ends each consent once when several processes work at it', async () => {
  const { ended, create, queue } = await createWorld();
  const wanted = ['k1', 'k2', 'k3', 'k4', 'k5'];
  for (const id of wanted) await queue(id);
  await Promise.all([create().work(), create().work(), create().work()]);
  expect(ended.toSorted()).toEqual(wanted);
});
