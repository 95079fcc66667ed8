import { expect, it } from 'vitest';
import { createConsentExpiry } from '../../src/consent/consent-expiry.ts';
import { createConsentExpiryStore } from '../../src/consent/consent-expiry-store.ts';
import { loseConsent } from '../../src/consent/consent-loss-store.ts';
import { createEventLog } from '../../src/events/event-log.ts';
import { createLocalEventSignal } from '../../src/events/event-signal.ts';
import { fanOutSql } from '../../src/webhooks/fan-out.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { openTestDatabase } from '../support/test-database.ts';

const dayMs = 86_400_000;

async function createWorld({ validDays, scaDays }: { validDays: number; scaDays: number }) {
  const database = await openTestDatabase();
  const clock = fixedClock('2026-03-10T10:00:00Z');
  const clientId = await insertClient(database, clock.now());
  const { userId, loginId } = await insertEnrolledUser(database, { clientId, now: clock.now() });
  await database.prisma.bank.updateMany({ data: { scaValidityDays: scaDays } });
  await database.prisma.consent.updateMany({
    data: { validUntil: new Date(new Date('2026-03-10').getTime() + validDays * dayMs) },
  });
  const eventLog = createEventLog({ database, signal: createLocalEventSignal(), fanOutSql });
  const create = () =>
    createConsentExpiry({
      clock,
      eventLog,
      store: createConsentExpiryStore(database),
    });
  /** What is told from day to day, by the days since the consent. */
  const runDays = async (count: number, workers = 1): Promise<string[]> => {
    const told: string[] = [];
    let seen = 0;
    for (let day = 0; day <= count; day++) {
      await Promise.all(Array.from({ length: workers }, () => create().work()));
      const events = await eventLog.read({ clientId, limit: 100 });
      for (const { type, data } of events.slice(seen)) {
        const { daysLeft, reason } = data as { daysLeft?: number; reason?: string };
        told.push([day, type, daysLeft ?? reason].filter((part) => part !== undefined).join(' '));
      }
      seen = events.length;
      clock.advance(dayMs);
    }
    return told;
  };
  return { database, clock, eventLog, clientId, userId, loginId, create, runDays };
}

it('tells of the end fourteen, seven and one days ahead and when it has come, each once', async () => {
  const { database, runDays, loginId } = await createWorld({ validDays: 20, scaDays: 180 });
  expect(await runDays(25)).toEqual([
    '6 CONSENT_EXPIRING 14',
    '13 CONSENT_EXPIRING 7',
    '19 CONSENT_EXPIRING 1',
    '21 CONSENT_EXPIRED',
    '21 BANK_LOGIN_SCA_REQUIRED CONSENT_EXPIRED',
  ]);
  expect((await database.prisma.consent.findFirst())?.status).toBe('EXPIRED');
  expect((await database.prisma.bankLogin.findUnique({ where: { id: loginId } }))?.status).toBe('SCA_REQUIRED');
});

it('treats an SCA that has grown too old like a consent that has expired, but leaves the consent as the bank has it', async () => {
  const { database, runDays, loginId } = await createWorld({ validDays: 40, scaDays: 10 });
  const told = await runDays(20);
  expect(told).toEqual([
    '0 CONSENT_EXPIRING 10',
    '3 CONSENT_EXPIRING 7',
    '9 CONSENT_EXPIRING 1',
    '11 CONSENT_EXPIRED',
    '11 BANK_LOGIN_SCA_REQUIRED SCA_TOO_OLD',
  ]);
  expect((await database.prisma.consent.findFirst())?.status).toBe('VALID');
  expect((await database.prisma.bankLogin.findUnique({ where: { id: loginId } }))?.status).toBe('SCA_REQUIRED');
});

// The consent was EXPIRED by then, so that our own look at the calendar passed it over.
it.each([
  ['on its last day', 20, '2026-03-30'],
  ['long before', 3, '2026-03-13'],
])('tells once of an end that the bank has told of first, %s', async (_when, day, validUntil) => {
  const { database, clock, eventLog, clientId, loginId, runDays } = await createWorld({ validDays: 20, scaDays: 180 });
  const before = await runDays(day - 1);
  const { id: consentId } = await database.prisma.consent.findFirstOrThrow();
  const loss = { bankLoginId: loginId, consentId, status: 'EXPIRED', reason: 'CONSENT_EXPIRED' } as const;
  for (let n = 0; n < 2; n++) {
    await eventLog.commit((tx, append) => loseConsent(tx, append, { ...loss, now: clock.now() }));
  }
  await runDays(25 - day);
  const events = (await eventLog.read({ clientId, limit: 100 })).slice(before.length);
  expect(events.map(({ type }) => type)).toEqual(['CONSENT_EXPIRED', 'BANK_LOGIN_SCA_REQUIRED']);
  expect(events[0]?.data).toMatchObject({ validUntil });
});

it('says nothing of a one-off consent that the bank calls expired, but that the end user is needed', async () => {
  const { database, clock, eventLog, clientId, loginId } = await createWorld({ validDays: 1, scaDays: 180 });
  await database.prisma.consent.updateMany({ data: { recurring: false } });
  const { id: consentId } = await database.prisma.consent.findFirstOrThrow();
  const loss = { bankLoginId: loginId, consentId, status: 'EXPIRED', reason: 'CONSENT_EXPIRED' } as const;
  await eventLog.commit((tx, append) => loseConsent(tx, append, { ...loss, now: clock.now() }));
  const events = await eventLog.read({ clientId, limit: 100 });
  expect(events.map(({ type }) => type)).toEqual(['BANK_LOGIN_SCA_REQUIRED']);
});

it('says nothing more where the SCA had grown too old before', async () => {
  const { database, clock, eventLog, clientId, loginId, runDays } = await createWorld({ validDays: 40, scaDays: 10 });
  const before = await runDays(12);
  const { id: consentId } = await database.prisma.consent.findFirstOrThrow();
  const loss = { bankLoginId: loginId, consentId, status: 'EXPIRED', reason: 'CONSENT_EXPIRED' } as const;
  await eventLog.commit((tx, append) => loseConsent(tx, append, { ...loss, now: clock.now() }));
  expect(await eventLog.read({ clientId, limit: 100 })).toHaveLength(before.length);
  expect((await database.prisma.consent.findFirst())?.status).toBe('EXPIRED');
});

it('tells everything once, whatever number of processes look at the same moment', async () => {
  const { runDays } = await createWorld({ validDays: 20, scaDays: 180 });
  const told = await runDays(22, 4);
  expect(told).toHaveLength(5);
});

it('says nothing of a one-off consent, but closes it', async () => {
  const { database, runDays } = await createWorld({ validDays: 1, scaDays: 180 });
  await database.prisma.consent.updateMany({ data: { recurring: false } });
  expect(await runDays(4)).toEqual([]);
  expect((await database.prisma.consent.findFirst())?.status).toBe('EXPIRED');
});

it('catches up with what was missed by the nearest notice only', async () => {
  const { clock, runDays } = await createWorld({ validDays: 20, scaDays: 180 });
  clock.advance(15 * dayMs);
  expect((await runDays(0))[0]).toBe('0 CONSENT_EXPIRING 5');
});
