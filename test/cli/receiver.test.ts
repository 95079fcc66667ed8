import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { describe, expect, onTestFinished, test } from 'vitest';
import { renderEvent } from '../../src/cli/receiver/event-report.ts';
import { parseVerificationKey, verifyWebhook } from '../../src/cli/receiver/webhook-verification.ts';
import { eventCatalogue } from '../../src/events/event-catalogue.ts';
import { generateSecret, parseSigningKey, signWebhook, verificationKey } from '../../src/webhooks/signing.ts';
import { eventually } from '../support/eventually.ts';
import { createWorld, minutes } from '../webhooks/webhook-world.ts';

const program = fileURLToPath(new URL('../../src/cli/receiver.ts', import.meta.url));

async function runReceiver(args: string[], environment: Record<string, string> = {}) {
  const { PATH = '', HOME = '' } = process.env;
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
    env: { PATH, HOME, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk));
  const ended = once(child, 'exit');
  const url = await eventually(
    () => /Receiving webhooks at (\S+)\. /.exec(output)?.[1] ?? (child.exitCode === null ? null : 'ended'),
    { limitMs: 30_000, what: 'the receiver' },
  );
  const prints = (text: string | RegExp) =>
    eventually(() => output.search(text) >= 0, { what: `${text} in ${output}` });
  return { url, output: () => output, prints, ended, child };
}

describe('npm run receiver', () => {
  test.each(['HMAC_SHA256', 'ED25519'] as const)(
    'verifies what is signed by %s, prints each event once and answers 200',
    async (signatureAlgorithm) => {
      const world = await createWorld();
      const { endpoint, secret } = await world.endpoint('http://127.0.0.1:9/', { signatureAlgorithm });
      const receiver = await runReceiver(['--port', '0', '--secret', secret]);
      await world.endpoints.update(world.clientId, endpoint.id, { url: receiver.url });
      // Signatures are checked against the real time.
      world.clock.set(new Date());
      const eventId = await world.emit();
      const dispatcher = world.dispatcher();
      await dispatcher.drain();
      expect(await world.deliveries()).toMatchObject([{ status: 'DELIVERED' }]);
      await receiver.prints(`bank_login.synchronized  ${eventId}`);
      await world.endpoints.redeliver(world.clientId, (await world.deliveries())[0]?.id ?? '');
      await dispatcher.drain();
      await receiver.prints(`${eventId} came again: handled before`);
      expect(await world.attempts()).toMatchObject([{ responseStatus: 200 }, { responseStatus: 200 }]);
      receiver.child.kill('SIGINT');
      expect(await receiver.ended).toEqual([0, null]);
    },
  );

  test('verifies what is signed by JWS with the published keys, for its endpoint and no other', async () => {
    const world = await createWorld();
    const keyServer = createServer(async (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/jwk-set+json' });
      response.end(JSON.stringify(await world.endpoints.jwks()));
    });
    keyServer.listen(0, '127.0.0.1');
    await once(keyServer, 'listening');
    onTestFinished(() => void keyServer.close());
    const jwksUrl = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/.well-known/jwks.json`;
    const { endpoint } = await world.endpoint('http://127.0.0.1:9/', { signatureAlgorithm: 'JWS_ES256' });
    world.clock.set(new Date());
    const deliver = async (endpointId: string) => {
      const receiver = await runReceiver(['--port', '0', '--secret', jwksUrl, '--endpoint', endpointId]);
      await world.endpoints.update(world.clientId, endpoint.id, { url: receiver.url });
      const eventId = await world.emit();
      await world.dispatcher().drain();
      return { receiver, eventId };
    };
    const own = await deliver(endpoint.id);
    await own.receiver.prints(`bank_login.synchronized  ${own.eventId}`);
    const other = await deliver('whe_other');
    await other.receiver.prints(`REFUSED ${other.eventId}: It is signed for the endpoint ${endpoint.id}`);
    expect((await world.attempts()).map(({ responseStatus }) => responseStatus).sort()).toEqual([200, 401]);
  });

  test('fails as often as it is told to, and handles the event when it comes again', async () => {
    const world = await createWorld();
    const { endpoint, secret } = await world.endpoint('http://127.0.0.1:9/');
    const receiver = await runReceiver(['--port', '0', '--fail-rate', '1'], { WEBHOOK_SECRET: secret });
    await world.endpoints.update(world.clientId, endpoint.id, { url: receiver.url });
    world.clock.set(new Date());
    const eventId = await world.emit();
    await world.dispatcher().drain();
    expect(await world.attempts()).toMatchObject([{ responseStatus: 500 }]);
    await receiver.prints(`${eventId} answered with 500, as --fail-rate asks for`);
    expect(receiver.output()).not.toContain('bank_login.synchronized');
  });

  test('answers 401 to what is not signed with its secret, and says why', async () => {
    const world = await createWorld();
    const { endpoint } = await world.endpoint('http://127.0.0.1:9/');
    const receiver = await runReceiver(['--port', '0', '--secret', generateSecret('HMAC_SHA256')]);
    await world.endpoints.update(world.clientId, endpoint.id, { url: receiver.url });
    world.clock.set(new Date());
    await world.emit();
    const dispatcher = world.dispatcher();
    await dispatcher.drain();
    world.clock.set(new Date(Date.now() - minutes(10)));
    await world.emit();
    await dispatcher.drain();
    const [wrongSecret, tooOld] = await world.attempts();
    expect([wrongSecret?.responseStatus, tooOld?.responseStatus]).toEqual([401, 401]);
    await receiver.prints(/REFUSED evt_\w+: No signature fits: the secret is of another/);
    await receiver.prints(/REFUSED evt_\w+: It was signed 60\d s ago/);
    const stray = await fetch(receiver.url, { method: 'POST', body: '{}' });
    expect(stray.status).toBe(401);
    expect(await stray.text()).toMatch(/webhook-id, .* is missing/);
  });

  test.each([
    [[], 'Give the secret'],
    [['--secret', 'shh'], 'A secret begins with whsec_'],
    [['--secret', 'whsec_AAAA'], 'has 24 bytes or more'],
    [['--secret', 'whpk_AAAA'], 'has 32 bytes'],
    [['--secret', generateSecret('HMAC_SHA256'), '--fail-rate', '2'], '--fail-rate must be 0 to 1'],
    [['--nonsense'], "Unknown option '--nonsense'"],
  ])('started with %j ends with what is wrong and how it is used', async (args, fault) => {
    const receiver = await runReceiver(args);
    expect(await receiver.ended).toEqual([1, null]);
    expect(receiver.output()).toContain(fault);
    expect(receiver.output()).toContain('npm run receiver --');
  });
});

describe('verifying', () => {
  const now = new Date('2026-03-10T10:00:00Z');
  const body = Buffer.from('{"type":"webhook.test"}');
  const [secret, other, pair] = [
    generateSecret('HMAC_SHA256'),
    generateSecret('HMAC_SHA256'),
    generateSecret('ED25519'),
  ];
  const keys = (...texts: string[]) => texts.map(parseVerificationKey);
  const signed = (secrets: string[], sentAt = now) => ({
    headers: { ...signWebhook({ id: 'evt_1', sentAt, body }, secrets.map(parseSigningKey)) },
    body,
  });
  const reasonOf = (verdict: ReturnType<typeof verifyWebhook>) => ('reason' in verdict ? verdict.reason : null);

  test('accepts either secret while one is being rotated, and Ed25519 by the public key', () => {
    const verified = { outcome: 'verified', id: 'evt_1' };
    expect(verifyWebhook(signed([secret]), keys(other, secret), now)).toEqual(verified);
    expect(verifyWebhook(signed([other, secret]), keys(secret), now)).toEqual(verified);
    expect(verifyWebhook(signed([pair]), keys(verificationKey(pair)), now)).toEqual(verified);
  });

  test('agrees with the standardwebhooks package', () => {
    const sentAt = new Date();
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign('msg_1', sentAt, body.toString()),
    };
    expect(verifyWebhook({ headers, body }, keys(secret), sentAt).outcome).toBe('verified');
  });

  test('refuses, with the cause: another secret, a changed body, a time, another algorithm, missing headers', () => {
    expect(reasonOf(verifyWebhook(signed([other]), keys(secret), now))).toMatch(/No signature fits/);
    const changed = { ...signed([secret]), body: Buffer.from('{}') };
    expect(reasonOf(verifyWebhook(changed, keys(secret), now))).toMatch(/has changed the body/);
    const late = new Date(now.getTime() + 301_000);
    expect(reasonOf(verifyWebhook(signed([secret]), keys(secret), late))).toMatch(/signed 301 s ago/);
    expect(reasonOf(verifyWebhook(signed([secret], late), keys(secret), now))).toMatch(/signed 301 s from now/);
    expect(reasonOf(verifyWebhook(signed([pair]), keys(secret), now))).toMatch(/Ed25519 \(v1a\): give the public key/);
    expect(reasonOf(verifyWebhook(signed([secret]), keys(verificationKey(pair)), now))).toMatch(
      /signed as v1, .* for v1a/,
    );
    const bad = signed([secret]);
    bad.headers['webhook-timestamp'] = 'yesterday';
    expect(reasonOf(verifyWebhook(bad, keys(secret), now))).toMatch(/not a number/);
    expect(reasonOf(verifyWebhook({ headers: {}, body }, keys(secret), now))).toMatch(/is missing/);
  });
});

describe('an event to read', () => {
  test('of a synchronization names user, bank and account, and what changed', () => {
    const { example, name } = eventCatalogue.BANK_LOGIN_SYNCHRONIZED;
    const { type, lines } = renderEvent(JSON.stringify({ type: name, data: example }));
    expect(type).toBe('bank_login.synchronized');
    expect(lines.join('\n')).toMatch(
      /^ada at Sandbox Bank \(login_\w+\), sequence \d+\nMain account DE\d+ EUR, 1234.56 EUR: 1 new/,
    );
    expect(lines.join('\n')).toMatch(/2026-03-10 {6}-12.50 EUR {2}Café am Markt/);
  });

  test('of another type or of a document shows its data; of no event at all what came', () => {
    expect(renderEvent('{"type":"user.deleted","data":{"userId":"usr_1"}}').lines).toContain('  "userId": "usr_1"');
    expect(renderEvent('hello')).toEqual({ type: 'not an event', lines: ['hello'] });
  });
});
