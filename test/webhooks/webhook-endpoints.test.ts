import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { InvalidInput, NotFound } from '../../src/domain/errors.ts';
import type { NewWebhookEndpoint } from '../../src/webhooks/endpoint-input.ts';
import { eventually } from '../support/eventually.ts';
import { createWorld, hours, type World } from './webhook-world.ts';

const url = 'http://127.0.0.1:9/webhook';

async function faultsOf(work: Promise<unknown>): Promise<Record<string, string>> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InvalidInput);
  return Object.fromEntries((error as InvalidInput).fields.map(({ path, message }) => [path, message]));
}

describe('creating', () => {
  test('gives the secret once; it and the headers are stored encrypted', async () => {
    const world = await createWorld();
    const headers = [{ name: 'Authorization', value: 'Bearer token-of-theirs' }];
    const { endpoint, secret } = await world.endpoint(url, { headers, description: 'Mine', rateLimit: 5 });
    expect(secret).toMatch(/^whsec_/);
    expect(endpoint).toMatchObject({
      url,
      types: [],
      method: 'POST',
      status: 'ENABLED',
      rateLimit: 5,
      description: 'Mine',
    });
    const stored = JSON.stringify(await world.endpointRow(endpoint.id));
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain('token-of-theirs');
    expect(await world.endpoints.find(world.clientId, endpoint.id)).toEqual(endpoint);
  });

  test('names every fault of the input at once', async () => {
    const world = await createWorld();
    const input = {
      url: 'https://10.0.0.1/',
      types: ['BANK_LOGIN_SYNCHRONIZED', 'NONSENSE', 'BANK_LOGIN_SYNCHRONIZED'],
      method: 'GET',
      description: 'a'.repeat(501),
      headers: [
        { name: 'X-Good', value: 'fine' },
        { name: 'Host', value: 'fine' },
        { name: 'bad name', value: 'a\r\nb: c' },
        { name: 'x-good', value: 'twice' },
        { name: 'Webhook-Anything', value: 'fine' },
        { name: 'X-Umlaut', value: 'ä' },
      ],
      document: 'subscription { broken }',
      rateLimit: 1_001,
      signatureAlgorithm: 'RSA',
    } as unknown as NewWebhookEndpoint;
    const faults = await faultsOf(world.endpoints.create(world.clientId, input));
    expect(faults).toEqual({
      'input.url': 'leads to an address that webhooks are not sent to',
      'input.types.1': 'is not an event type',
      'input.types.2': 'is named twice',
      'input.method': expect.any(String),
      'input.description': expect.any(String),
      'input.headers.1.name': 'is a header that we set ourselves',
      'input.headers.2.name': 'is not a header name',
      'input.headers.2.value': expect.any(String),
      'input.headers.3.name': 'is named twice',
      'input.headers.4.name': 'is a header that we set ourselves',
      'input.headers.5.value': expect.any(String),
      'input.document': 'Cannot query field "broken".',
      'input.rateLimit': expect.any(String),
      'input.signatureAlgorithm': expect.any(String),
    });
    expect(await world.endpoints.list(world.clientId, { after: null, limit: 10 })).toEqual([]);
  });

  test.each([
    'content-length',
    'Content-Type',
    'Connection',
    'Transfer-Encoding',
    'Upgrade',
    'TE',
    'Expect',
    'webhook-id',
  ])('refuses the header %s', async (name) => {
    const world = await createWorld();
    const faults = await faultsOf(world.endpoint(url, { headers: [{ name, value: 'x' }] }));
    expect(Object.keys(faults)).toEqual(['input.headers.0.name']);
  });

  test('stops at 20 endpoints per client, calls at the same time included', async () => {
    const world = await createWorld();
    for (let index = 0; index < 18; index++) await world.endpoint(url);
    const results = await Promise.allSettled(Array.from({ length: 4 }, () => world.endpoint(url)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(await world.endpoints.list(world.clientId, { after: null, limit: 50 })).toHaveLength(20);
    await world.endpoints.create(await world.addClient(), { url });
  });
});

test('invariant 11: another client’s endpoint is not found, by any call', async () => {
  const world = await createWorld();
  const { endpoint } = await world.endpoint(url);
  const eventId = await world.emit();
  const [delivery] = await world.deliveries();
  const stranger = await world.addClient();
  const { endpoints } = world;
  expect(await endpoints.find(stranger, endpoint.id)).toBeNull();
  expect(await endpoints.list(stranger, { after: null, limit: 10 })).toEqual([]);
  expect(await endpoints.findDelivery(stranger, delivery?.id ?? '')).toBeNull();
  const page = { status: null, after: null, limit: 10 };
  expect((await endpoints.listDeliveries(world.clientId, [endpoint.id], page)).get(endpoint.id)).toHaveLength(1);
  expect(await endpoints.listDeliveries(stranger, [endpoint.id], page)).toEqual(new Map());
  for (const work of [
    endpoints.update(stranger, endpoint.id, { url }),
    endpoints.delete(stranger, endpoint.id),
    endpoints.rotateSecret(stranger, endpoint.id, 0),
    endpoints.sendTest(stranger, endpoint.id),
    endpoints.redeliver(stranger, delivery?.id ?? ''),
    endpoints.recover(stranger, endpoint.id, new Date(0)),
    endpoints.preview(stranger, endpoint.id, eventId),
  ]) {
    await expect(work).rejects.toBeInstanceOf(NotFound);
  }
  expect(await endpoints.find(world.clientId, endpoint.id)).toEqual(endpoint);
});

test('an update changes what it names, checks it like a new one, and leaves the rest', async () => {
  const world = await createWorld();
  const { endpoint } = await world.endpoint(url, {
    types: ['USER_DELETED'],
    headers: [{ name: 'a', value: 'b' }],
    rateLimit: 3,
  });
  const changed = await world.endpoints.update(world.clientId, endpoint.id, { method: 'PUT', rateLimit: null });
  expect(changed).toMatchObject({ method: 'PUT', rateLimit: null, types: ['USER_DELETED'], headers: endpoint.headers });
  const cleared = await world.endpoints.update(world.clientId, endpoint.id, { types: null, headers: null });
  expect(cleared).toMatchObject({ types: [], headers: null, url });
  const faults = await faultsOf(world.endpoints.update(world.clientId, endpoint.id, { url: 'ftp://x/', rateLimit: 0 }));
  expect(Object.keys(faults).sort()).toEqual(['input.rateLimit', 'input.url']);
});

test('deleting takes the deliveries along and leaves the events', async () => {
  const world = await createWorld();
  const { endpoint } = await world.endpoint(url);
  const eventId = await world.emit();
  await world.endpoints.delete(world.clientId, endpoint.id);
  expect(await world.deliveries()).toEqual([]);
  expect(await world.eventLog.find(world.clientId, eventId)).not.toBeNull();
  await expect(world.endpoints.delete(world.clientId, endpoint.id)).rejects.toBeInstanceOf(NotFound);
});

describe('rotation', () => {
  async function signaturesOf(world: World, receiver: Awaited<ReturnType<World['receiver']>>) {
    await world.emit();
    await world.dispatcher().drain();
    const webhook = receiver.received.at(-1);
    return {
      isVerifiedBy(secret: string) {
        // The package knows no other time than the present one.
        const id = String(webhook?.headers['webhook-id']);
        const expected = new Webhook(secret).sign(id, world.clock.now(), webhook?.body ?? '');
        return String(webhook?.headers['webhook-signature']).split(' ').includes(expected);
      },
    };
  }

  test('signs with the old and the new secret until the overlap ends', async () => {
    const world = await createWorld();
    const receiver = await world.receiver();
    const { endpoint, secret: first } = await world.endpoint(receiver.url);
    const { secret: second } = await world.endpoints.rotateSecret(world.clientId, endpoint.id, 3_600);
    const during = await signaturesOf(world, receiver);
    expect([first, second].map(during.isVerifiedBy)).toEqual([true, true]);
    const { secret: third } = await world.endpoints.rotateSecret(world.clientId, endpoint.id, 7_200);
    const thrice = await signaturesOf(world, receiver);
    expect([first, second, third].map(thrice.isVerifiedBy)).toEqual([true, true, true]);
    world.clock.advance(hours(1));
    const after = await signaturesOf(world, receiver);
    expect([first, second, third].map(after.isVerifiedBy)).toEqual([false, true, true]);
  });

  test('without overlap the old secret ends at once', async () => {
    const world = await createWorld();
    const receiver = await world.receiver();
    const { endpoint, secret: first } = await world.endpoint(receiver.url);
    const { secret: second } = await world.endpoints.rotateSecret(world.clientId, endpoint.id, 0);
    const signatures = await signaturesOf(world, receiver);
    expect([first, second].map(signatures.isVerifiedBy)).toEqual([false, true]);
  });

  // Cause: with a long overlap every rotation added a signature to the header, without end.
  test('lets five secrets sign at most; without overlap it always works', async () => {
    const world = await createWorld();
    const { endpoint } = await world.endpoint(url);
    const rotate = (overlapSeconds: number) =>
      world.endpoints.rotateSecret(world.clientId, endpoint.id, overlapSeconds);
    const signatureCount = async () => {
      const { headers } = await world.endpoints.preview(world.clientId, endpoint.id, eventId);
      return headers.find(({ name }) => name === 'webhook-signature')?.value.split(' ').length;
    };
    const eventId = await world.emit();
    for (let count = 1; count < 5; count++) await rotate(3_600);
    expect(await faultsOf(rotate(3_600))).toEqual({ overlapSeconds: 'must be 0 while 5 secrets sign already' });
    expect(await signatureCount()).toBe(5);
    await rotate(0);
    expect(await signatureCount()).toBe(1);
    for (let count = 1; count < 5; count++) await rotate(3_600);
    world.clock.advance(hours(1));
    await rotate(3_600);
    expect(await signatureCount()).toBe(2);
  });

  test.each([-1, 604_801, 1.5, Number.NaN])('refuses an overlap of %s seconds', async (overlap) => {
    const world = await createWorld();
    const { endpoint } = await world.endpoint(url);
    const faults = await faultsOf(world.endpoints.rotateSecret(world.clientId, endpoint.id, overlap));
    expect(Object.keys(faults)).toEqual(['overlapSeconds']);
  });

  test('an Ed25519 endpoint gives its public key, changed by rotation', async () => {
    const world = await createWorld();
    const { endpoint, secret } = await world.endpoint(url, { signatureAlgorithm: 'ED25519' });
    expect(secret).toMatch(/^whpk_/);
    expect(world.endpoints.publicKey(endpoint)).toBe(secret);
    const rotated = await world.endpoints.rotateSecret(world.clientId, endpoint.id, 60);
    expect(rotated.secret).not.toBe(secret);
    expect(world.endpoints.publicKey(rotated.endpoint)).toBe(rotated.secret);
    expect(world.endpoints.publicKey((await world.endpoint(url)).endpoint)).toBeNull();
  });
});

test('documents that no longer fit the schema are marked and reported at start', async () => {
  const world = await createWorld();
  const { endpoint } = await world.endpoint(url, { document: 'subscription { events { id } }' });
  await world.endpoint(url);
  expect(await world.endpoints.checkDocuments()).toBe(0);
  await world.database.prisma.webhookEndpoint.update({ where: { id: endpoint.id }, data: { document: 'broken' } });
  expect(await world.endpoints.checkDocuments()).toBe(1);
  expect((await world.endpointRow(endpoint.id)).documentError).toBe('Cannot query field "broken".');
  expect(world.logged).toMatchObject([{ level: 'warn', facts: { endpointId: endpoint.id } }]);
  await world.endpoints.update(world.clientId, endpoint.id, { document: null });
  expect((await world.endpointRow(endpoint.id)).documentError).toBeNull();
});

test('enabling wakes the dispatcher, which goes on with what was pending', async () => {
  const world = await createWorld();
  const receiver = await world.receiver();
  const { endpoint } = await world.endpoint(receiver.url);
  const eventId = await world.emit();
  await world.endpoints.update(world.clientId, endpoint.id, { status: 'DISABLED' });
  await world.emit();
  await world.dispatcher().drain();
  expect(receiver.received).toHaveLength(0);
  expect(await world.deliveries()).toMatchObject([{ eventId, status: 'PENDING', attemptCount: 0 }]);
  const dispatcher = world.dispatcher();
  dispatcher.start();
  const enabled = await world.endpoints.update(world.clientId, endpoint.id, { status: 'ENABLED' });
  expect(enabled).toMatchObject({ status: 'ENABLED', disabledReason: null, disabledAt: null });
  await receiver.waitFor(1);
  await eventually(async () => (await world.deliveries()).every(({ status }) => status === 'DELIVERED'));
  expect(receiver.received).toHaveLength(1);
});
