import { describe, expect, inject, it } from 'vitest';
import { BankFailure } from '../../src/banking/bank-failure.ts';
import { credentialsOf } from '../../src/consent/consent-store.ts';
import { createCredentialKeeper } from '../../src/consent/credential-keeper.ts';
import { createCredentialStore } from '../../src/consent/credential-store.ts';
import { createEncryption, singleKey } from '../../src/storage/encryption.ts';
import { killAroundRefreshes } from '../chaos/refresh-kills.ts';
import { insertClient, insertEnrolledUser, sealedCredentials } from '../support/enrolled-users.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { openTestDatabase } from '../support/test-database.ts';

const now = new Date('2026-03-10T10:00:00Z');
const encryption = createEncryption(singleKey(Buffer.alloc(32, 7)));

async function createWorld(leaseSeconds = 60) {
  const database = await openTestDatabase();
  const clientId = await insertClient(database, now);
  const { loginId } = await insertEnrolledUser(database, {
    clientId,
    now,
    credentials: sealedCredentials(encryption, 'first'),
  });
  const { id, credentials } = await database.prisma.consent.findFirstOrThrow({ where: { bankLoginId: loginId } });
  const open = (seconds = leaseSeconds) =>
    createCredentialKeeper({ store: createCredentialStore(database), encryption, leaseSeconds: seconds }).of({
      id,
      credentials: credentials ?? '',
    });
  const stored = async () =>
    encryption.decrypt(
      (await database.prisma.consent.findUniqueOrThrow({ where: { id } })).credentials ?? '',
      credentialsOf(id),
    );
  return { database, id, open, stored };
}

describe('credentials of a consent', () => {
  it('are changed by one at a time, each of whom sees what the one before has stored', async () => {
    const { open, stored } = await createWorld();
    const append = (letter: string) => open().change((present, store) => store(`${present}${letter}`));
    await Promise.all([...'abcde'].map(append));
    expect([...(await stored()).slice('first'.length)].sort().join('')).toBe('abcde');
  });

  it('are stored when the change says so, and before it goes on', async () => {
    const { open, stored } = await createWorld();
    const credentials = open();
    await credentials.change(async (_present, store) => {
      await store('second');
      expect(await stored()).toBe('second');
      expect(credentials.text).toBe('second');
    });
  });

  it('are free again after a change that failed', async () => {
    const { open, stored } = await createWorld();
    await expect(open().change(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await open().change((_present, store) => store('second'));
    expect(await stored()).toBe('second');
  });

  it('one who has died in a change holds them no longer than its lease, and writes nothing after it', async () => {
    const { open, stored } = await createWorld(0.2);
    let writeLate: ((text: string) => Promise<void>) | undefined;
    const hanging = open().change((_present, store) => {
      writeLate = store;
      return new Promise(() => {});
    });
    void hanging;
    await open().change((_present, store) => store('second'));
    await expect(writeLate?.('too late')).rejects.toMatchObject({ code: 'BANK_UNAVAILABLE' });
    expect(await stored()).toBe('second');
  });

  it('that have been dropped are those of no consent', async () => {
    const { database, id, open } = await createWorld();
    const credentials = open();
    await database.prisma.consent.update({ where: { id }, data: { credentials: null } });
    const failure = await credentials.change(async () => {}).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BankFailure);
    expect(failure).toMatchObject({ code: 'CONSENT_INVALID' });
  });
});

const postgresUrl = inject('postgresUrl');

it.skipIf(!postgresUrl)(
  'no refresh token is used twice, whenever a process is killed',
  { timeout: 120_000 },
  async () => {
    const figures = await killAroundRefreshes(await createPostgresDatabase(postgresUrl ?? ''), 4);
    expect(figures).toMatchObject({ killCount: 4, reusedTokens: 0, isAlive: true });
  },
);
