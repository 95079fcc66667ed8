import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { expect, it, onTestFinished } from 'vitest';
import { connectByRedirect, createConnectedWorld } from '../../consent/connected-world.ts';

const endUser = '93.184.216.34';

/** Passes on what lies below /tidewater, without that, and says from whom it has it. */
async function startProxy(target: () => string): Promise<string> {
  const server = createServer(async (incoming, outgoing) => {
    const path = /^\/tidewater(\/.*)$/.exec(incoming.url ?? '')?.[1];
    if (!path) return void outgoing.writeHead(404).end();
    const { host: _host, 'content-length': _length, 'transfer-encoding': _encoding, ...headers } = incoming.headers;
    const forwarded = [headers['x-forwarded-for'], endUser].filter(Boolean).join(', ');
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const answer = await request(target() + path, {
      method: (incoming.method ?? 'GET') as 'GET',
      headers: { ...headers, host: 'made-up.example', 'x-forwarded-for': forwarded },
      ...(incoming.method === 'POST' && { body: Buffer.concat(chunks) }),
    });
    outgoing.writeHead(answer.statusCode, answer.headers).end(await answer.body.text());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/tidewater`;
}

it('behind a proxy with a path of its own the whole way goes by the public address, and the bank hears who the end user is', async () => {
  let target = '';
  const publicUrl = await startProxy(() => target);
  const world = await createConnectedWorld({ publicUrl: () => publicUrl });
  target = world.url;
  const session = await world.createSession();
  const link = world.linkOf(session);
  expect(link).toMatch(new RegExp(`^${publicUrl}/sessions/`));

  const done = await connectByRedirect(link, 'anna');
  expect(done.title).toContain('Done');
  const own = done.hops.filter(({ to }) => !to.startsWith(world.bankUrl));
  expect(own.length).toBeGreaterThan(0);
  for (const { to } of own) expect(to.startsWith(publicUrl), to).toBe(true);
  expect(await world.session(session.id)).toMatchObject({ status: 'COMPLETED', psuIpAddress: endUser });
});
