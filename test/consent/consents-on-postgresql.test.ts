import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { loseConsent } from '../../src/consent/consent-loss-store.ts';
import { createConsentStore, credentialsOf } from '../../src/consent/consent-store.ts';
import { createErasure } from '../../src/consent/erasure.ts';
import { newLink } from '../../src/consent/link-secret.ts';
import { createSessionStore } from '../../src/consent/session-store.ts';
import { NotFound } from '../../src/domain/errors.ts';
import { newId } from '../../src/domain/ids.ts';
import { createEventLog } from '../../src/events/event-log.ts';
import { createLocalEventSignal } from '../../src/events/event-signal.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { createEncryption, singleKey } from '../../src/storage/encryption.ts';
import { fanOutSql } from '../../src/webhooks/fan-out.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';

const postgresUrl = inject('postgresUrl');
const terms = { recurring: true, validUntil: '2026-09-06', frequencyPerDay: 4 };

async function createWorld() {
  const databaseUrl = await createPostgresDatabase(postgresUrl ?? '');
  const database = await openDatabase({ databaseUrl, directory: null });
  const clock = fixedClock();
  const now = clock.now();
  const eventLog = createEventLog({ database, signal: createLocalEventSignal(), fanOutSql });
  onTestFinished(async () => {
    eventLog.close();
    await database.close();
  });
  const sessions = createSessionStore(database);
  const consents = createConsentStore(database);
  const encryption = createEncryption(singleKey(Buffer.alloc(32, 7)));
  const clientId = await insertClient(database, now);
  return {
    database,
    clientId,
    sessions,
    consents,
    erasure: createErasure({ clock, eventLog }),
    /** The bank's word that a login's consent, valid until now, has expired; resolves once it is taken in here. */
    async newLoss(bankLoginId: string) {
      const { id: consentId } = await database.prisma.consent.findFirstOrThrow({
        where: { bankLoginId, status: 'VALID' },
      });
      return () =>
        eventLog.commit((tx, append) =>
          loseConsent(tx, append, { bankLoginId, consentId, status: 'EXPIRED', reason: 'CONSENT_EXPIRED', now }),
        );
    },
    newLogin: () => insertEnrolledUser(database, { clientId, now }),
    /** A renewal that the end user has just authorised at the bank; resolves to what becomes of it here. */
    async newRenewal({ userId, loginId }: { userId: string; loginId: string }) {
      const session = await sessions.create({
        id: newId('synchronizationSession', now),
        kind: 'SYNCHRONIZATION',
        clientId,
        userId,
        bankId: 'bank_test',
        bankLoginId: loginId,
        ...newLink(encryption, 'any', now),
      });
      const consentId = newId('consent', now);
      const [credentials, stateHash] = [encryption.encrypt(session.id, credentialsOf(consentId)), session.id];
      const begun = { bankId: 'bank_test', credentials, stateHash, psuIpAddress: '192.0.2.1', authorisation: null };
      const waiting = await consents.begin(session, {
        ...begun,
        consentId,
        terms,
        now,
        nokStateHash: `nok ${begun.stateHash}`,
        awaitedReturn: null,
      });
      return () => consents.grant(waiting ?? session, { consentId, ...terms, now });
    },
  };
}

// The embedded database is one session: only a server shows what happens at the same moment.
describe.skipIf(postgresUrl === null)('on a PostgreSQL server', () => {
  it('of renewals granted at the same moment one is valid in the end, and the others are ended at the bank', async () => {
    const { database, newLogin, newRenewal } = await createWorld();
    for (let round = 0; round < 10; round++) {
      const login = await newLogin();
      const grants = [await newRenewal(login), await newRenewal(login), await newRenewal(login)];
      expect(await Promise.all(grants.map((grant) => grant()))).toEqual(Array(3).fill(login.loginId));
      const where = { bankLoginId: login.loginId };
      expect(await database.prisma.consent.count({ where: { ...where, status: 'VALID' } })).toBe(1);
      expect(await database.prisma.consent.count({ where: { ...where, status: 'SUPERSEDED' } })).toBe(3);
    }
    expect(await database.prisma.consentTermination.count()).toBe(30);
  });

  it('a login that is erased while it is renewed, and while its consent is lost, leaves nothing, and nobody waits for ever', async () => {
    const { database, clientId, erasure, newLoss, newLogin, newRenewal } = await createWorld();
    for (let round = 0; round < 25; round++) {
      const login = await newLogin();
      const [first, second, lose] = [await newRenewal(login), await newRenewal(login), await newLoss(login.loginId)];
      const done = await Promise.allSettled([
        first(),
        erasure.deleteBankLogin(clientId, login.loginId),
        second(),
        lose(),
      ]);
      const faults = done.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
      expect(faults).toEqual([]);
      expect(await database.prisma.bankLogin.count({ where: { id: login.loginId } })).toBe(0);
      const events = await database.prisma.event.findMany({ where: { bankLoginId: login.loginId } });
      expect(events.map(({ type }) => type)).toEqual(['BANK_LOGIN_DELETED']);
      await expect(erasure.deleteBankLogin(clientId, login.loginId)).rejects.toBeInstanceOf(NotFound);
    }
    // Of three consents each the bank had called one gone at most; all others are ended there.
    const queued = await database.prisma.consentTermination.count();
    expect(queued).toBeGreaterThanOrEqual(50);
    expect(queued).toBeLessThanOrEqual(75);
  });
});
