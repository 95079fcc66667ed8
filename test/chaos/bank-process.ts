import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { createSandboxBank } from '../../src/sandbox-bank/sandbox-bank.ts';
import { announce } from './announce.ts';
import { type ClockPlan, createFastClock } from './fast-clock.ts';

export interface BankOptions {
  clock: ClockPlan;
  dataFile: string;
  /** Every request for data, as it came over the wire: lines of JSON. */
  accessLogFile: string;
  latencyMs: number;
}

export interface LoggedAccess {
  consentId: string;
  /** The path: what is read of which account. */
  path: string;
  atMs: number;
  attended: boolean;
  status: number;
}

// The sandbox bank behind a door that writes down who comes in, before the bank itself has had a look.
const { clock: plan, accessLogFile, ...options } = JSON.parse(process.argv[2] ?? '') as BankOptions;
const clock = createFastClock(plan);
const bank = await createSandboxBank({ host: '127.0.0.1', port: 0, clock, ...options });
const inside = new Pool(bank.url, { connections: 32 });
const door = createServer(async (message, response) => {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const atMs = clock.now().getTime();
    const path = message.url ?? '';
    const { host: _, connection: __, ...headers } = message.headers;
    const reply = await inside.request({
      method: (message.method ?? 'GET') as 'GET',
      path,
      headers: headers as Record<string, string>,
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    });
    const consentId = String(message.headers['consent-id'] ?? '');
    if (path.startsWith('/v1/accounts') && !path.includes('page=')) {
      const attended = 'psu-ip-address' in message.headers;
      const logged: LoggedAccess = {
        consentId,
        path: path.split('?')[0] ?? '',
        atMs,
        attended,
        status: reply.statusCode,
      };
      appendFileSync(accessLogFile, `${JSON.stringify(logged)}\n`);
    }
    const { 'transfer-encoding': ___, connection: ____, ...replyHeaders } = reply.headers;
    const body = Buffer.from(await reply.body.arrayBuffer());
    const address = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
    const text = body.toString('utf8').replaceAll(bank.url, address);
    delete replyHeaders['content-length'];
    response.writeHead(reply.statusCode, replyHeaders).end(text);
  } catch {
    response.destroy();
  }
});
door.keepAliveTimeout = 65_000;
door.listen(0, '127.0.0.1', () => announce({ url: `http://127.0.0.1:${(door.address() as AddressInfo).port}` }));
