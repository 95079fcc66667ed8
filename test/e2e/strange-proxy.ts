import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll } from 'vitest';
import type { StrangeReply } from './strange-replies.ts';

export interface ProxiedReply {
  /** Of the bank that was asked: the first segment of its address. */
  bank: string;
  /** Below `/v1`, of a reading alone. */
  path: string;
  /** As the sandbox bank has it. */
  body: string;
}

export interface StrangeProxy {
  url(): string;
  /** Of the sandbox bank. */
  target: string;
  /** What is said in place of the sandbox bank's reply; null: that reply. */
  replace: (reply: ProxiedReply) => StrangeReply | null;
}

const accountPath = /\/v1\/((?:card-)?accounts(?:\/.*)?)$/;

/** A bank in front of the sandbox bank, which says something else where it is told to; one for all tests of a file. */
export function useStrangeProxy(): StrangeProxy {
  const proxy: StrangeProxy = { url: () => '', target: '', replace: () => null };
  const server = createServer(async (message, response) => {
    const [, bank = '', ...segments] = (message.url ?? '').split('/');
    const reply = await forward(message, `${proxy.target}/${segments.join('/')}`);
    const [, path] = accountPath.exec(new URL(`${proxy.target}${message.url}`).pathname) ?? [];
    const strange = path && reply.status === 200 ? proxy.replace({ bank, path, body: reply.body }) : null;
    response.writeHead(reply.status, strange ? (strange.headers ?? {}) : reply.headers);
    response.end(strange ? strange.body : reply.body);
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    proxy.url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  return proxy;
}

const ownOfHop = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive']);

async function forward(message: IncomingMessage, url: string) {
  const body = await buffer(message);
  const headers = Object.entries(message.headers).flatMap(([name, value]) =>
    ownOfHop.has(name) || value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  const method = message.method ?? 'GET';
  const reply = await fetch(url, { method, headers, redirect: 'manual', ...(body.length > 0 && { body }) });
  const given = [...reply.headers].filter(([name]) => !ownOfHop.has(name));
  return { status: reply.status, headers: Object.fromEntries(given), body: await reply.text() };
}
