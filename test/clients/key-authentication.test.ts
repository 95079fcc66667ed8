import { describe, expect, test, vi } from 'vitest';
import { createClientStore } from '../../src/clients/client-store.ts';
import { createClients } from '../../src/clients/clients.ts';
import { createKeyAuthentication } from '../../src/clients/key-authentication.ts';
import { eventually } from '../support/eventually.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { openTestDatabase } from '../support/test-database.ts';

async function openAuthentication() {
  const database = await openTestDatabase();
  const clock = fixedClock();
  const store = createClientStore(database);
  const findKeyByHash = vi.fn(store.findKeyByHash);
  const touchKey = vi.fn(store.touchKey);
  const clients = createClients({ clock, store });
  const open = () => createKeyAuthentication({ clock, store: { findKeyByHash, touchKey } });
  const { client, key } = await clients.createClient('Fintech');
  const [apiKey] = await database.prisma.apiKey.findMany();
  if (!apiKey) throw new Error('no key');
  return { clock, clients, client, key, keyId: apiKey.id, findKeyByHash, touchKey, open, ...open() };
}

describe('a key', () => {
  test('stands for its client, with its scopes', async () => {
    const { authenticate, client, key, keyId } = await openAuthentication();
    const viewer = { clientId: client.id, keyId, scopes: ['CLIENT'], allowedNetworks: [], expiresAt: null };
    expect(await authenticate(key)).toEqual(viewer);
  });

  test('that nobody was given stands for nobody, however much it looks like one', async () => {
    const { authenticate, key } = await openAuthentication();
    const wrong = ['', 'tdw_', 'x'.repeat(100_000), 'ключ', `${key} `, key.toUpperCase(), key.slice(0, -1)];
    for (const each of wrong) expect(await authenticate(each), each).toBeNull();
  });

  test('ends at its time, also while what was found of it is still believed', async () => {
    const { authenticate, clients, client, clock } = await openAuthentication();
    const expiresAt = new Date(clock.now().getTime() + 1000);
    const { key } = await clients.createApiKey({ clientId: client.id, name: 'short', scopes: ['CLIENT'], expiresAt });
    expect(await authenticate(key)).toMatchObject({ expiresAt });
    clock.advance(999);
    expect(await authenticate(key)).not.toBeNull();
    clock.advance(1);
    expect(await authenticate(key)).toBeNull();
  });

  test('that is rotated works on until the overlap is over; its successor has its scopes and its expiry', async () => {
    const { open, clients, client, clock } = await openAuthentication();
    const expiresAt = new Date(clock.now().getTime() + 86_400_000);
    const scopes = ['CLIENT'] as const;
    const old = await clients.createApiKey({ clientId: client.id, name: 'mine', scopes, expiresAt });
    const of = { clientId: client.id, keyId: old.apiKey.id };
    const next = await clients.rotateApiKey(of, { overlapSeconds: 60, scopes: null });
    expect(next.apiKey).toMatchObject({ name: 'mine', scopes, expiresAt, retiresAt: null });
    clock.advance(59_999);
    expect(await open().authenticate(old.key)).toMatchObject({ scopes });
    // Its answer was lost: asked for again, it gives another, and the old one ends no later.
    const again = await clients.rotateApiKey(of, { overlapSeconds: 604_800, scopes: null });
    clock.advance(1);
    expect(await open().authenticate(old.key)).toBeNull();
    for (const { key } of [next, again]) expect(await open().authenticate(key)).toMatchObject({ scopes, expiresAt });
    await clients.revokeApiKey(next.apiKey.id);
    await expect(
      clients.rotateApiKey({ ...of, keyId: next.apiKey.id }, { overlapSeconds: 60, scopes: null }),
    ).rejects.toThrow('no API key');
    await expect(
      clients.rotateApiKey({ ...of, clientId: 'cli_other' }, { overlapSeconds: 60, scopes: null }),
    ).rejects.toThrow('no API key');
  });

  test.each([-1, 604_801, 1.5])('refuses an overlap of %s seconds, and stays as it is', async (overlapSeconds) => {
    const { authenticate, clients, client, key, keyId } = await openAuthentication();
    await expect(
      clients.rotateApiKey({ clientId: client.id, keyId }, { overlapSeconds, scopes: null }),
    ).rejects.toThrow('overlapSeconds');
    expect(await authenticate(key)).toMatchObject({ expiresAt: null });
  });

  test('that is revoked is refused at once in this process', async () => {
    const { authenticate, forget, clients, key, keyId } = await openAuthentication();
    clients.onRevoked(forget);
    expect(await authenticate(key)).not.toBeNull();
    await clients.revokeApiKey(keyId);
    expect(await authenticate(key)).toBeNull();
  });

  test('that is revoked while it is being read is not believed afterwards', async () => {
    const { authenticate, forget, clients, key, keyId, findKeyByHash } = await openAuthentication();
    clients.onRevoked(forget);
    let answer: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const read = findKeyByHash.getMockImplementation();
    findKeyByHash.mockImplementationOnce(async (hash) => {
      const found = await read?.(hash);
      await held;
      return found ?? null;
    });
    const overtaken = authenticate(key);
    await eventually(() => findKeyByHash.mock.calls.length === 1);
    await clients.revokeApiKey(keyId);
    answer();
    await overtaken;
    expect(await authenticate(key)).toBeNull();
  });

  test('that is revoked is refused by other processes within a second', async () => {
    const { open, clients, key, keyId, clock } = await openAuthentication();
    const other = open();
    expect(await other.authenticate(key)).not.toBeNull();
    await clients.revokeApiKey(keyId);
    clock.advance(1_000);
    expect(await other.authenticate(key)).toBeNull();
  });
});

describe('what is known of a key', () => {
  test('is read once for requests that come together, and again after a second', async () => {
    const { authenticate, key, clock, findKeyByHash } = await openAuthentication();
    await Promise.all([authenticate(key), authenticate(key), authenticate(key)]);
    clock.advance(999);
    await authenticate(key);
    expect(findKeyByHash).toHaveBeenCalledTimes(1);
    clock.advance(1);
    await authenticate(key);
    expect(findKeyByHash).toHaveBeenCalledTimes(2);
  });

  test('does not grow with the keys that are tried', async () => {
    const { authenticate, key, findKeyByHash } = await openAuthentication();
    const read = findKeyByHash.getMockImplementation();
    await authenticate(key);
    findKeyByHash.mockResolvedValue(null);
    for (let i = 0; i < 10_000; i++) await authenticate(`wrong ${i}`);
    findKeyByHash.mockClear();
    await authenticate('wrong 9999');
    expect(findKeyByHash).not.toHaveBeenCalled();
    if (read) findKeyByHash.mockImplementation(read);
    expect(await authenticate(key)).not.toBeNull();
    expect(findKeyByHash).toHaveBeenCalledTimes(1);
  });

  test('that could not be read is read again by the next request', async () => {
    const { authenticate, key, findKeyByHash } = await openAuthentication();
    findKeyByHash.mockRejectedValueOnce(new Error('the database is away'));
    await expect(authenticate(key)).rejects.toThrow('away');
    expect(await authenticate(key)).not.toBeNull();
  });
});

describe('the last use of a key', () => {
  test('is noted at most once a minute, by however many processes', async () => {
    const { authenticate, open, key, keyId, clock, clients, client, touchKey } = await openAuthentication();
    const lastUsedAt = async () => (await clients.listApiKeys(client.id, [keyId]))[0]?.lastUsedAt;
    const first = clock.now();
    await authenticate(key);
    await eventually(async () => (await lastUsedAt())?.getTime() === first.getTime());
    clock.advance(59_999);
    await authenticate(key);
    await open().authenticate(key);
    expect(touchKey).toHaveBeenCalledTimes(1);
    clock.advance(1);
    await authenticate(key);
    await eventually(async () => (await lastUsedAt())?.getTime() === clock.now().getTime());
    expect(touchKey).toHaveBeenCalledTimes(2);
  });

  test('neither delays the request nor fails it', async () => {
    const { authenticate, key, clock, touchKey } = await openAuthentication();
    touchKey.mockRejectedValueOnce(new Error('the database is away'));
    expect(await authenticate(key)).not.toBeNull();
    clock.advance(60_000);
    touchKey.mockReturnValueOnce(new Promise(() => {}));
    expect(await authenticate(key)).not.toBeNull();
  });

  test('is not noted of a key that is refused', async () => {
    const { authenticate, key, keyId, clients, touchKey } = await openAuthentication();
    await clients.revokeApiKey(keyId);
    expect(await authenticate(key)).toBeNull();
    expect(touchKey).not.toHaveBeenCalled();
  });
});
