import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Table from 'cli-table3';
import { type ApiClient, createApiClient } from '../../src/cli/demo/api-client.ts';
import { startChild } from '../chaos/child-process.ts';
import type { ClockPlan } from '../chaos/fast-clock.ts';
import { bundleProgram } from '../support/bundled-program.ts';
import type { AttackKind, AttackOptions } from './attacker.ts';

const operatorKey = 'attacks-api-key-0123456789abcdef';
const small = '{ viewer { id name } }';
const never = Number.MAX_SAFE_INTEGER;
const clock: ClockPlan = { fastFromMs: never, fastUntilMs: never, speed: 1, speedAfter: 1 };

export interface AttackFigures {
  attack: string;
  /** Of another key's small query, in milliseconds. */
  idleMedian: number;
  attackedMedian: number;
  worst: number;
  /** Of the process, while it is attacked. */
  eventLoopP99Ms: number;
  peakMemoryMb: number;
  /** What the attacker was answered, by status. */
  answers: Record<string, number>;
}

const list = (length: number, each: (i: number) => string) => Array.from({ length }, (_, i) => each(i)).join(' ');

export const attacks: readonly (readonly [name: string, kind: AttackKind, query: string])[] = [
  ['490 times the same field', 'query', `{ ${'viewer { id } '.repeat(490)} }`],
  [
    'a new document each time, as dear to validate as is allowed',
    'query',
    `query QRANDOM { ${'viewer { id } '.repeat(65)} ${list(45, (i) => `a${i}: viewer { id name }`)} }`,
  ],
  [
    'all of the schema, again and again',
    'query',
    '{ __schema { types { name description fields { name description args { name description } } } } }',
  ],
  ['small queries without end', 'query', small],
  ['GraphiQL, never read', 'page', ''],
  ['a thousand bodies, half sent', 'half', ''],
  ['a thousand subscriptions, and events', 'subscriptions', ''],
];

/** Attacks a process of its own, embedded, with one key after the other, and asks it small things with another one meanwhile. */
export async function runAttacks(samples = 100): Promise<AttackFigures[]> {
  const directory = await mkdtemp(join(tmpdir(), 'tidewater-attacks-'));
  const environment = {
    DATA_DIR: directory,
    PORT: '0',
    SANDBOX_BANK_PORT: '0',
    BOOTSTRAP_API_KEY: operatorKey,
    LOG_LEVEL: 'error',
    NODE_ENV: 'production',
  };
  const tidewater = await startChild<{ url: string }>('tidewater-process.ts', { clock, leaseSeconds: 60 }, environment);
  const { url } = tidewater.ready;
  const operator = createApiClient(url, operatorKey);
  try {
    const figures: AttackFigures[] = [];
    for (const [attack, kind, query] of attacks) {
      const victim = createApiClient(url, await makeClient(operator));
      const key = await makeClient(operator);
      await timeSmallQueries(victim, samples);
      const { median: idleMedian } = await timeSmallQueries(victim, samples);
      await readLagMs(url);
      const attacker = await startAttack({ kind, url, key, query });
      const memory = watchMemory(tidewater.processId);
      const { median: attackedMedian, worst } = await timeSmallQueries(victim, samples);
      const eventLoopP99Ms = await readLagMs(url);
      const peakMemoryMb = memory.stop();
      const answers = await endAttack(attacker);
      figures.push({ attack, idleMedian, attackedMedian, worst, eventLoopP99Ms, peakMemoryMb, answers });
      await victim.close();
      // What was begun for it has ended then.
      await delay(1_000);
    }
    return figures;
  } finally {
    await operator.close();
    await tidewater.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

export function renderAttacks(figures: readonly AttackFigures[]): string {
  const head = ['attack', 'idle ms', 'attacked ms', 'ratio', 'worst ms', 'loop p99 ms', 'peak MB', 'answers'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { attack, idleMedian, attackedMedian, worst, eventLoopP99Ms, peakMemoryMb, answers } of figures) {
    const ratio = (attackedMedian / idleMedian).toFixed(1);
    const [idle, attacked, longest, lag, memory] = [idleMedian, attackedMedian, worst, eventLoopP99Ms, peakMemoryMb];
    const rest = [longest, lag, memory].map((value) => value.toFixed(0));
    const got = Object.entries(answers).map(([status, count]) => `${status}: ${count}`);
    table.push([attack, idle.toFixed(1), attacked.toFixed(1), ratio, ...rest, got.join(', ')]);
  }
  return table.toString();
}

async function makeClient(operator: ApiClient): Promise<string> {
  const { createClient } = await operator.run<{ createClient: { apiKey: string } }>(
    'mutation { createClient(name: "A") { ... on CreateClientPayload { apiKey } } }',
  );
  return createClient.apiKey;
}

/** The median and the worst of so many small queries, one after another, in milliseconds. Rejects when one fails. */
async function timeSmallQueries(client: ApiClient, count: number): Promise<{ median: number; worst: number }> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const startedAt = performance.now();
    await client.run(small);
    times.push(performance.now() - startedAt);
    await delay(5);
  }
  times.sort((a, b) => a - b);
  return { median: times[Math.floor(count / 2)] ?? 0, worst: times.at(-1) ?? 0 };
}

async function startAttack(options: AttackOptions): Promise<ChildProcess> {
  const program = await bundleProgram(join(import.meta.dirname, 'attacker.ts'));
  const child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

async function endAttack(attacker: ChildProcess): Promise<Record<string, number>> {
  const closed = once(attacker, 'close');
  let output = '';
  attacker.stdout?.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  attacker.kill('SIGINT');
  await closed;
  return JSON.parse(output || '{}');
}

/** Of the event loop, the 99th percentile since it was last asked for. */
async function readLagMs(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(text)?.[1] ?? Number.NaN) * 1_000;
}

/** Looks at a process's resident memory without asking it. */
function watchMemory(processId: number) {
  let peakMb = 0;
  const look = () => {
    const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${processId}/status`, 'utf8'))?.[1];
    peakMb = Math.max(peakMb, Number(kilobytes) / 1_000);
  };
  look();
  const timer = setInterval(look, 50);
  return {
    stop() {
      clearInterval(timer);
      look();
      return peakMb;
    },
  };
}
