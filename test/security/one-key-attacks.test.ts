import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { bundleProgram } from '../support/bundled-program.ts';
import { spawnTidewater, testApiKey } from '../support/spawn-tidewater.ts';
import { temporaryDataDirectory } from '../support/test-database.ts';

const attacker = fileURLToPath(new URL('attacker.ts', import.meta.url));
const small = '{ viewer { id name } }';

async function ask(url: string, key: string, query: string) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query }),
  });
  return {
    status: response.status,
    ...((await response.json()) as { data?: Record<string, never>; errors?: object[] }),
  };
}

async function makeClient(url: string): Promise<string> {
  const { data } = await ask(
    url,
    testApiKey,
    'mutation { createClient(name: "A") { ... on CreateClientPayload { apiKey } } }',
  );
  return (data as unknown as { createClient: { apiKey: string } }).createClient.apiKey;
}

/** The median and the worst of so many small queries, one after another, in milliseconds. */
async function timeSmallQueries(url: string, key: string, count: number): Promise<{ median: number; worst: number }> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const startedAt = performance.now();
    const { status } = await ask(url, key, small);
    expect(status).toBe(200);
    times.push(performance.now() - startedAt);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  times.sort((a, b) => a - b);
  return { median: times[Math.floor(count / 2)] ?? 0, worst: times.at(-1) ?? 0 };
}

async function attack(url: string, key: string, query: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [await bundleProgram(attacker), url, key, query], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

/** Since they were last read, where they are of a span of time. */
async function readMetrics(url: string): Promise<{ rss: number; lag: number }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const read = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  return { rss: read('process_resident_memory_bytes'), lag: read('nodejs_eventloop_lag_p99_seconds') };
}

const attacks: [name: string, query: string][] = [
  ['490 times the same field', `{ ${'viewer { id } '.repeat(490)} }`],
  [
    'a new document each time, as dear to validate as is allowed',
    `query QRANDOM { ${'viewer { id } '.repeat(65)} ${Array.from({ length: 45 }, (_, i) => `a${i}: viewer { id name }`).join(' ')} }`,
  ],
  [
    'all of the schema, again and again',
    '{ __schema { types { name description fields { name description args { name description } } } } }',
  ],
  ['small queries without end', small],
];

test('while one key attacks, the small query of another is answered', { timeout: 240_000 }, async () => {
  const { url } = await spawnTidewater({ DATA_DIR: await temporaryDataDirectory() });
  for (const [name, query] of attacks) {
    const [victim, other] = [await makeClient(url), await makeClient(url)];
    await timeSmallQueries(url, victim, 100);
    const idle = await timeSmallQueries(url, victim, 100);
    const before = await readMetrics(url);
    const child = await attack(url, other, query);
    const attacked = await timeSmallQueries(url, victim, 100);
    const { rss, lag } = await readMetrics(url);
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    await ended;
    process.stdout.write(
      `${name}: median ${idle.median.toFixed(1)} ms idle, ${attacked.median.toFixed(1)} ms attacked ` +
        `(${(attacked.median / idle.median).toFixed(1)} times), worst ${attacked.worst.toFixed(0)} ms, ` +
        `event loop p99 ${(lag * 1000).toFixed(0)} ms, ${((rss - before.rss) / 1e6).toFixed(0)} MB more\n`,
    );
  }
});
