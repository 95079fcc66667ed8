import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { newApiKeySecret, toStoredKey } from '../../src/clients/api-key-secret.ts';
import { createClientStore } from '../../src/clients/client-store.ts';
import { createClients } from '../../src/clients/clients.ts';
import { InvalidInput, NotFound } from '../../src/domain/errors.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { openTestDatabase } from '../support/test-database.ts';

async function openClients() {
  const database = await openTestDatabase();
  const clock = fixedClock();
  return { database, clock, clients: createClients({ clock, store: createClientStore(database) }) };
}

const faultsOf = async (work: Promise<unknown>) => {
  const error = await work.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InvalidInput);
  return (error as InvalidInput).fields;
};

describe('an API key', () => {
  test('is 32 random bytes that look like nothing else', () => {
    const keys = Array.from({ length: 100 }, newApiKeySecret);
    for (const key of keys) expect(key).toMatch(/^tdw_[\w-]{43}$/);
    expect(new Set(keys).size).toBe(100);
  });

  test('is kept as its hash and its beginning', () => {
    const key = newApiKeySecret();
    expect(toStoredKey(key)).toEqual({
      hash: createHash('sha256').update(key).digest('hex'),
      prefix: key.slice(0, 12),
    });
  });

  test('that the operator chose shows no more than a third of itself', () => {
    expect(toStoredKey('twenty-characters-20').prefix).toBe('twenty');
  });
});

describe('the first key', () => {
  const key = 'chosen-by-the-operator';

  test('belongs to the first client, has both scopes, and is made once', async () => {
    const { database, clients } = await openClients();
    await clients.bootstrap(key);
    await clients.bootstrap(key);
    const [apiKey, ...others] = await database.prisma.apiKey.findMany();
    expect(others).toEqual([]);
    expect(apiKey).toMatchObject({ hash: toStoredKey(key).hash, scopes: ['CLIENT', 'OPERATOR'], expiresAt: null });
    expect(await database.prisma.client.count()).toBe(1);
    expect(await database.prisma.eventHead.findMany()).toMatchObject([{ clientId: apiKey?.clientId, position: 0n }]);
  });

  test('is made once by processes that start together', async () => {
    const { database, clients } = await openClients();
    await Promise.all([clients.bootstrap(key), clients.bootstrap(key), clients.bootstrap(key)]);
    expect(await database.prisma.apiKey.count()).toBe(1);
    expect(await database.prisma.client.count()).toBe(1);
    expect(await database.prisma.eventHead.count()).toBe(1);
  });

  test('given anew opens the same client as the one before', async () => {
    const { database, clock, clients } = await openClients();
    await clients.bootstrap(key);
    clock.advance(1000);
    await clients.createClient('Another');
    await clients.bootstrap('chosen-by-the-operator-later');
    const [before, after] = await Promise.all(
      [key, 'chosen-by-the-operator-later'].map((each) =>
        database.prisma.apiKey.findUnique({ where: { hash: toStoredKey(each).hash } }),
      ),
    );
    expect(after?.clientId).toBe(before?.clientId);
    expect(after?.scopes).toEqual(['CLIENT', 'OPERATOR']);
  });
});

describe('a client', () => {
  test('is renamed by the operator, with a name that can be read', async () => {
    const { database, clients } = await openClients();
    const { client } = await clients.createClient('First name');
    expect(await clients.renameClient(client.id, ' Haushaltsbuch ')).toMatchObject({ name: 'Haushaltsbuch' });
    expect(await database.prisma.client.findFirst()).toMatchObject({ id: client.id, name: 'Haushaltsbuch' });
    for (const name of ['', '  ', 'x'.repeat(201), 'a\0b']) {
      expect(await faultsOf(clients.renameClient(client.id, name))).toMatchObject([{ path: 'name' }]);
    }
    await expect(clients.renameClient('cli_none', 'Name')).rejects.toBeInstanceOf(NotFound);
  });

  test('is made with an event log and a key of its own, which is shown once', async () => {
    const { database, clients, clock } = await openClients();
    const { client, key } = await clients.createClient('  Fintech  ');
    expect(client).toMatchObject({ name: 'Fintech', returnOrigins: [], createdAt: clock.now() });
    expect(await clients.find(client.id)).toEqual(client);
    expect(await database.prisma.eventHead.count({ where: { clientId: client.id } })).toBe(1);
    const [kept] = await database.prisma.apiKey.findMany();
    expect(kept).toMatchObject({ ...toStoredKey(key), clientId: client.id, scopes: ['CLIENT'] });
    expect(JSON.stringify(kept)).not.toContain(key);
  });

  test('is not made with a name that is empty, too long or not text', async () => {
    const { database, clients } = await openClients();
    for (const name of ['', '   ', 'x'.repeat(201), 'a\0b']) {
      expect(await faultsOf(clients.createClient(name)), name).toMatchObject([{ path: 'name' }]);
    }
    expect(await database.prisma.client.count()).toBe(0);
  });

  test('that does not exist is not found', async () => {
    const { clients } = await openClients();
    await expect(clients.find('cli_none')).rejects.toBeInstanceOf(NotFound);
  });

  test('takes origins to return to, each once', async () => {
    const { clients } = await openClients();
    const { client } = await clients.createClient('Fintech');
    const returnOrigins = ['https://app.example.com', 'https://app.example.com/', 'http://localhost:3000'];
    const updated = await clients.updateClient(client.id, { returnOrigins });
    expect(updated.returnOrigins).toEqual(['https://app.example.com', 'http://localhost:3000']);
    expect((await clients.updateClient(client.id, { returnOrigins: [] })).returnOrigins).toEqual([]);
    const many = Array.from({ length: 51 }, (_, n) => `https://${n}.example.com`);
    await expect(clients.updateClient(client.id, { returnOrigins: many })).rejects.toThrow('must be 50 at most');
    expect((await clients.updateClient(client.id, { returnOrigins: many.slice(1) })).returnOrigins).toHaveLength(50);
    const long = `https://${'a.'.repeat(200)}example.com`;
    await expect(clients.updateClient(client.id, { returnOrigins: [long] })).rejects.toThrow('must be an origin');
  });

  test('does not take for an origin what is none, and keeps what it had', async () => {
    const { clients } = await openClients();
    const { client } = await clients.createClient('Fintech');
    const returnOrigins = ['https://app.example.com'];
    await clients.updateClient(client.id, { returnOrigins });
    for (const origin of noOrigins) {
      const change = clients.updateClient(client.id, { returnOrigins: [...returnOrigins, origin] });
      expect(await faultsOf(change), origin).toMatchObject([{ path: 'returnOrigins.1' }]);
    }
    expect((await clients.find(client.id)).returnOrigins).toEqual(returnOrigins);
  });

  test('has fifty origins to return to at most, however many it gives', async () => {
    const { clients } = await openClients();
    const { client } = await clients.createClient('Fintech');
    const origins = (count: number) => Array.from({ length: count }, (_, n) => `https://app-${n}.example.com`);
    await clients.updateClient(client.id, { returnOrigins: origins(50) });
    for (const count of [51, 30_000]) {
      const change = clients.updateClient(client.id, { returnOrigins: origins(count) });
      expect(await faultsOf(change)).toMatchObject([{ path: 'returnOrigins' }]);
    }
    expect((await clients.find(client.id)).returnOrigins).toEqual(origins(50));
  });
});

const noOrigins = [
  'app.example.com',
  'https://app.example.com/path',
  'https://app.example.com/?query',
  'https://app.example.com/#fragment',
  'https://name:password@app.example.com',
  'javascript:alert(1)',
  'ftp://app.example.com',
  'https://',
  '*',
  'null',
];

describe('a key of a client', () => {
  test('is made with its scopes and its end', async () => {
    const { clients, clock } = await openClients();
    const { client } = await clients.createClient('Fintech');
    const expiresAt = new Date(clock.now().getTime() + 1000);
    const scopes = ['OPERATOR', 'OPERATOR'] as const;
    const { apiKey, key } = await clients.createApiKey({ clientId: client.id, name: 'CI', scopes, expiresAt });
    expect(apiKey).toMatchObject({
      ...toStoredKey(key),
      name: 'CI',
      scopes: ['OPERATOR'],
      expiresAt,
      lastUsedAt: null,
    });
    expect(await clients.listApiKeys(client.id, [apiKey.id])).toEqual([apiKey]);
  });

  test('is not made without a name or scope, with an end in the past, or for a client that does not exist', async () => {
    const { clients, clock } = await openClients();
    const { client } = await clients.createClient('Fintech');
    const input = { clientId: client.id, name: 'CI', scopes: ['CLIENT'] as const, expiresAt: null };
    expect(await faultsOf(clients.createApiKey({ ...input, name: '' }))).toMatchObject([{ path: 'name' }]);
    expect(await faultsOf(clients.createApiKey({ ...input, scopes: [] }))).toMatchObject([{ path: 'scopes' }]);
    const expired = clients.createApiKey({ ...input, expiresAt: clock.now() });
    expect(await faultsOf(expired)).toMatchObject([{ path: 'expiresAt' }]);
    const faulty = clients.createApiKey({ ...input, name: ' ', scopes: [], expiresAt: clock.now() });
    expect(await faultsOf(faulty)).toMatchObject([{ path: 'name' }, { path: 'scopes' }, { path: 'expiresAt' }]);
    await expect(clients.createApiKey({ ...input, clientId: 'cli_none' })).rejects.toBeInstanceOf(NotFound);
  });

  test('is revoked once, and told of once', async () => {
    const { clients, clock, database } = await openClients();
    const revoked: string[] = [];
    clients.onRevoked((hash) => revoked.push(hash));
    const { client, key } = await clients.createClient('Fintech');
    const [apiKey] = await database.prisma.apiKey.findMany({ where: { clientId: client.id } });
    await clients.revokeApiKey(apiKey?.id ?? '');
    expect(await clients.listApiKeys(client.id, [apiKey?.id ?? ''])).toMatchObject([{ revokedAt: clock.now() }]);
    expect(revoked).toEqual([toStoredKey(key).hash]);
    await expect(clients.revokeApiKey(apiKey?.id ?? '')).rejects.toBeInstanceOf(NotFound);
    await expect(clients.revokeApiKey('key_none')).rejects.toBeInstanceOf(NotFound);
    expect(revoked).toHaveLength(1);
  });

  test("invariant 11: is not found by another client's", async () => {
    const { clients } = await openClients();
    const [own, other] = [await clients.createClient('Own'), await clients.createClient('Other')];
    const input = { clientId: own.client.id, name: 'CI', scopes: ['CLIENT'] as const, expiresAt: null };
    const { apiKey } = await clients.createApiKey(input);
    expect(await clients.listApiKeys(other.client.id, [apiKey.id])).toEqual([]);
  });
});
