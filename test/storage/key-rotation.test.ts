import { randomBytes } from 'node:crypto';
import { expect, inject, it, onTestFinished } from 'vitest';
import { linkSecretOf } from '../../src/consent/link-secret.ts';
import { type Database, openDatabase, Prisma } from '../../src/storage/database.ts';
import { createEncryption, type Encryption } from '../../src/storage/encryption.ts';
import { openKeysAtRest } from '../../src/storage/kept-keys.ts';
import { rotateEncryptionKey } from '../../src/storage/key-rotation.ts';
import { insertEnrolledUser, sealedCredentials } from '../support/enrolled-users.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { createWorld } from '../webhooks/webhook-world.ts';

const sessionCount = 3_000;

async function openPostgres(url: string): Promise<Database> {
  const database = await openDatabase({ databaseUrl: await createPostgresDatabase(url), directory: null });
  onTestFinished(() => database.close());
  return database;
}

/** Sessions with a link each, straight into the table. */
async function insertSessions(database: Database, encryption: Encryption, of: { clientId: string; userId: string }) {
  const rows = Array.from({ length: sessionCount }, (_, n) => {
    const id = `csn_${String(n).padStart(6, '0')}`;
    return { id, link: encryption.encrypt(`link ${n}`, linkSecretOf(id)) };
  });
  await database.query(Prisma.sql`
    INSERT INTO sessions (id, kind, client_id, user_id, status, link_secret, created_at, updated_at)
    SELECT r.id, 'CONNECT', ${of.clientId}, ${of.userId}, 'AWAITING_USER', r.link, now(), now()
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS r (id text, link text)`);
}

async function readLinks(database: Database, encryption: Encryption): Promise<string[]> {
  const rows = await database.query<{ id: string; link_secret: string }>(
    Prisma.sql`SELECT id, link_secret FROM sessions ORDER BY id`,
  );
  return rows.map((row) => encryption.decrypt(row.link_secret, linkSecretOf(row.id)));
}

it('encrypts thousands of secrets anew while deliveries go out, of which none fails, in another process either', async () => {
  const url = inject('postgresUrl');
  const database = url ? await openPostgres(url) : await openTestDatabase();
  const clock = fixedClock();
  const given = [randomBytes(32).toString('base64')];
  // The process that delivers, and the command that rotates.
  const [delivering, rotating] = await Promise.all([
    openKeysAtRest({ given, data: null, database, clock }),
    openKeysAtRest({ given, data: null, database, clock }),
  ]);
  const encryption = createEncryption(delivering.keys);
  const world = await createWorld({ database, encryption });
  const { userId } = await insertEnrolledUser(database, {
    clientId: world.clientId,
    now: clock.now(),
    credentials: sealedCredentials(encryption, 'consent-1'),
  });
  await insertSessions(database, encryption, { clientId: world.clientId, userId });
  const receiver = await world.receiver();
  const { endpoint } = await world.endpoint(receiver.url, { headers: [{ name: 'X-Mine', value: 'kept' }] });
  world.dispatcher().start();
  await world.emit();
  const before = await world.endpointRow(endpoint.id);

  const emitted: Promise<string>[] = [];
  const rotation = await rotateEncryptionKey({
    database,
    keys: rotating.keys,
    management: rotating.management,
    clock,
    batchSize: 100,
    async wait(ms) {
      await delivering.keys.refresh();
      clock.advance(ms);
    },
    onProgress: () => void emitted.push(world.emit()),
  });

  const emittedCount = 1 + (await Promise.all(emitted)).length;
  expect(rotation.unreadable).toEqual([]);
  expect(rotation.reencryptedCount).toBeGreaterThanOrEqual(sessionCount + 2);
  expect(emittedCount).toBeGreaterThan(sessionCount / 100);
  await receiver.waitFor(emittedCount);
  expect(receiver.received.every(({ headers }) => headers['x-mine'] === 'kept')).toBe(true);
  expect((await world.attempts()).every(({ responseStatus }) => responseStatus === 204)).toBe(true);
  const after = await world.endpointRow(endpoint.id);
  expect([after.secrets, after.headers].every((text) => text?.startsWith(`v2.${rotation.keyId}.`))).toBe(true);
  expect(after.secrets).not.toBe(before.secrets);
  expect(await readLinks(database, encryption)).toEqual(Array.from({ length: sessionCount }, (_, n) => `link ${n}`));
}, 60_000);

it('goes over to a new ENCRYPTION_KEY, after which the old one is not needed, and removes the data keys before in time', async () => {
  const database = await openTestDatabase();
  const clock = fixedClock();
  const [old, next] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
  const open = (given: string[]) => openKeysAtRest({ given, data: null, database, clock });
  const first = await open([old]);
  const before = createEncryption(first.keys).encrypt('secret', linkSecretOf('csn_1'));
  const rotate = async () => {
    const opened = await open([next, old]);
    return await rotateEncryptionKey({ ...opened, database, clock, wait: async (ms) => clock.advance(ms) });
  };
  expect((await rotate()).removedKeyIds).toEqual([]);
  const { keys } = await open([next]);
  expect(createEncryption(keys).decrypt(before, linkSecretOf('csn_1'))).toBe('secret');
  await expect(open([old])).rejects.toThrow('ENCRYPTION_KEY');

  clock.advance(3_600_001);
  expect((await rotate()).removedKeyIds).toEqual([first.keys.current().id]);
  expect(() => createEncryption(first.keys).decrypt(before, linkSecretOf('csn_1'))).not.toThrow();
  const later = createEncryption((await open([next])).keys);
  expect(() => later.decrypt(before, linkSecretOf('csn_1'))).toThrow('is not at hand');
});

it('leaves a text that no key decrypts as it is, names its place, and keeps every key', async () => {
  const database = await openTestDatabase();
  const clock = fixedClock();
  const open = () => openKeysAtRest({ given: [randomKey], data: null, database, clock });
  const randomKey = randomBytes(32).toString('base64');
  const world = await createWorld({ database, encryption: createEncryption((await open()).keys) });
  const { endpoint } = await world.endpoint('http://127.0.0.1:9/');
  await database.query(Prisma.sql`UPDATE webhook_endpoints SET secrets = 'v2.gone.AAAA' WHERE id = ${endpoint.id}`);
  const rotate = async () =>
    rotateEncryptionKey({ ...(await open()), database, clock, wait: async (ms) => clock.advance(ms) });
  await rotate();
  clock.advance(3_600_001);
  const { unreadable, removedKeyIds } = await rotate();
  expect({ unreadable, removedKeyIds }).toEqual({
    unreadable: [`webhook_endpoints.secrets ${endpoint.id}`],
    removedKeyIds: [],
  });
  expect((await world.endpointRow(endpoint.id)).secrets).toBe('v2.gone.AAAA');
});
