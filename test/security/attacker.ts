import { Agent, request } from 'node:http';

// Sends one query over and over, on so many connections, until it is ended; RANDOM in it is another number each time.

const [, , url = '', key = '', query = ''] = process.argv;
const connections = 50;
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const statuses = new Map<number, number>();
let count = 0;

function send(): Promise<void> {
  const body = JSON.stringify({ query: query.replaceAll('RANDOM', String(count++)) });
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${key}`,
    'content-length': Buffer.byteLength(body),
  };
  return new Promise((resolve) => {
    const sent = request(`${url}/graphql`, { method: 'POST', agent, headers }, (response) => {
      const status = response.statusCode ?? 0;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      response.resume();
      response.once('close', resolve);
    });
    sent.once('error', () => resolve());
    sent.end(body);
  });
}

async function sendOn(): Promise<void> {
  for (;;) await send();
}

process.on('SIGINT', () => {
  process.stderr.write(`attacker got ${JSON.stringify(Object.fromEntries(statuses))}\n`);
  process.exit(0);
});
setTimeout(() => process.stdout.write('attacking\n'), 500);
await Promise.all(Array.from({ length: connections }, sendOn));
