import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { Prisma } from '../../src/storage/database.ts';
import { createEncryption, singleKey } from '../../src/storage/encryption.ts';
import { createSigningKeys } from '../../src/webhooks/signing-keys.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { hours } from './webhook-world.ts';

async function openKeys() {
  const clock = fixedClock();
  const database = await openTestDatabase();
  const encryption = createEncryption(singleKey(randomBytes(32)));
  const open = () => createSigningKeys({ database, encryption, clock });
  return { clock, database, open, keys: open() };
}

const kidsOf = async ({ published }: ReturnType<typeof createSigningKeys>) =>
  (await published()).keys.map(({ kid }) => kid);

test('of processes that all find no key, one makes it for all', async () => {
  const { open } = await openKeys();
  const processes = Array.from({ length: 5 }, open);
  const ids = await Promise.all(processes.map(async (keys) => (await keys.current()).id));
  expect(new Set(ids).size).toBe(1);
  expect(await kidsOf(open())).toEqual([ids[0]]);
});

test('what is published has no private part, and what is stored is encrypted', async () => {
  const { keys, database } = await openKeys();
  await keys.current();
  const { keys: published } = await keys.published();
  expect(Object.keys(published[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  const [row] = await database.query<{ private_key: string }>(Prisma.sql`SELECT private_key FROM signing_keys`);
  expect(row?.private_key).toMatch(/^v2\./);
});

test('a new key is published ten minutes before it signs, and the one before for a week afterwards', async () => {
  const { clock, keys, open } = await openKeys();
  const { id: first } = await keys.current();
  const { id: second, activeAt } = await keys.rotate();
  expect(activeAt.getTime() - clock.now().getTime()).toBe(600_000);
  expect(await kidsOf(keys)).toEqual([second, first]);
  // Another process, which has read before, knows it within ten seconds.
  const other = open();
  clock.advance(599_000);
  expect((await other.current()).id).toBe(first);
  clock.advance(11_000);
  expect((await other.current()).id).toBe(second);
  clock.advance(hours(24 * 7) - 20_000);
  expect(await kidsOf(keys)).toEqual([second, first]);
  clock.advance(20_000);
  expect(await kidsOf(keys)).toEqual([second]);
  expect((await keys.rotate()).removedIds).toEqual([first]);
});

test('a compromised key is neither published nor used from the next look on', async () => {
  const { clock, keys, open } = await openKeys();
  const other = open();
  const { id: leaked } = await other.current();
  const { id, removedIds } = await keys.rotate({ isCompromised: true });
  expect(removedIds).toEqual([leaked]);
  expect((await keys.current()).id).toBe(id);
  clock.advance(10_000);
  expect([(await other.current()).id, await kidsOf(other)]).toEqual([id, [id]]);
});
