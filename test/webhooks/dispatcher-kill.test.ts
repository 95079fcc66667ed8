import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, inject, onTestFinished, test } from 'vitest';
import { openPostgresEventSignal } from '../../src/events/event-signal.ts';
import { openDatabase, Prisma } from '../../src/storage/database.ts';
import { bundleProgram } from '../support/bundled-program.ts';
import { eventually } from '../support/eventually.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { createWorld, hours, type World } from './webhook-world.ts';

const postgresUrl = inject('postgresUrl');
const program = fileURLToPath(new URL('./dispatcher-process.ts', import.meta.url));

const roundCount = 25;
const processesPerRound = 2;
const eventsPerKill = 8;
// What a dead process had claimed of a login keeps the others from that login: the next events are of other ones.
const eventsPerLogin = 2;
const roundMs = hours(24);

// ---- receivers ----------------------------------------------------------------------------------

interface Post {
  path: string;
  id: string;
  body: string;
  round: number;
}

type Answer = number | 'hang' | 'reset';

/** Receivers by path, each as unreliable as its name says, until `heal`. */
const temper: Record<string, (random: number, count: number) => Answer> = {
  good: () => 204,
  failing: (random) => (random < 0.2 ? 500 : 204),
  breaking: (random) => (random < 0.2 ? 'reset' : 200),
  busy: (random) => (random < 0.1 ? 429 : 204),
  unavailable: (random) => (random < 0.1 ? 503 : 204),
  hanging: (random) => (random < 0.05 ? 'hang' : 204),
  mixed: (random) => (random < 0.05 ? 'hang' : random < 0.1 ? 'reset' : random < 0.15 ? 500 : random < 0.2 ? 429 : 200),
  gone: (_random, count) => (count > 40 ? 410 : 204),
  stopped: () => 204,
};

async function startReceivers(roundOf: () => number) {
  const posts: Post[] = [];
  const counts = new Map<string, number>();
  let isHealed = false;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = (request.url ?? '').slice(1);
    const body = Buffer.concat(chunks).toString('utf8');
    posts.push({ path, body, id: String(request.headers['webhook-id']), round: roundOf() });
    const count = (counts.get(path) ?? 0) + 1;
    counts.set(path, count);
    const answer = isHealed && path !== 'gone' ? 204 : (temper[path]?.(Math.random(), count) ?? 404);
    if (answer === 'reset') request.socket.resetAndDestroy();
    else if (answer !== 'hang') response.writeHead(answer).end();
  };
  // A process that is killed while it sends has sent nothing.
  const server = createServer((request, response) => void handle(request, response).catch(() => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  const countConnections = promisify(server.getConnections.bind(server));
  return {
    urlOf: (path: string) => `http://127.0.0.1:${port}/${path}`,
    posts,
    /** All that dead processes had sent has been read. */
    isQuiet: async () => (await countConnections()) === 0,
    heal: () => {
      isHealed = true;
    },
  };
}

// ---- processes ----------------------------------------------------------------------------------

interface Process {
  /** Lets it begin, and tells it the time from then on. */
  tell(now: Date): void;
  kill(): Promise<void>;
  output(): string;
}

async function spawnDispatcher(environment: Record<string, string>): Promise<Process> {
  const child: ChildProcess = fork(await bundleProgram(program), {
    execArgv: [],
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk));
  // A message to one that has just been killed.
  child.on('error', () => {});
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(kill);
  const ready = once(child, 'message');
  return await Promise.race([
    ready.then(() => ({
      tell: (now: Date) => void (child.connected && child.send(now.toISOString(), () => {})),
      kill,
      output: () => output,
    })),
    exited.then(() => Promise.reject(new Error(`A dispatcher ended by itself:\n${output}`))),
  ]);
}

// ---- the test -----------------------------------------------------------------------------------

function loginEvent(index: number) {
  const bankLoginId = `login_${Math.floor(index / eventsPerLogin)}`;
  return {
    bankLoginId,
    data: {
      user: { id: 'usr_1', externalId: null },
      bankLogin: { id: bankLoginId, bank: { id: 'bank_1', name: 'Bank' } },
      trigger: 'SCHEDULER' as const,
      sequence: index + 1,
      accounts: [],
    },
  };
}

/** A minute goes by in which no process lives: what the dead ones had claimed is free. */
async function letLeasesRunOut({ database }: World, deadName: string): Promise<void> {
  // What they had asked for last, the server still carries out.
  const isGone = async () => {
    const [left] = await database.query<{ count: number }>(Prisma.sql`
      SELECT count(*)::int AS count FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = ${deadName}`);
    return left?.count === 0;
  };
  await eventually(isGone, { limitMs: 60_000, what: 'the end of their sessions' });
  await database.query(Prisma.sql`
    UPDATE webhook_deliveries SET claimed_until = claimed_until - interval '60 seconds' WHERE claimed_until IS NOT NULL`);
}

test.skipIf(postgresUrl === null)(
  'fifty kills of dispatchers under load with flaky receivers: every event delivered, none made up, every attempt recorded',
  async () => {
    const databaseUrl = await createPostgresDatabase(postgresUrl ?? '');
    const database = await openDatabase({ databaseUrl, directory: null });
    const signal = await openPostgresEventSignal({ ...database, connectionString: databaseUrl, onError: () => {} });
    const encryptionKey = randomBytes(32);
    const world = await createWorld({ database, signal, encryptionKey });
    onTestFinished(async () => {
      await signal.close();
      await database.close();
    });
    const base = world.clock.now();
    let round = 0;
    const receivers = await startReceivers(() => round);
    const { posts } = receivers;
    const endpointIds = new Map<string, string>();
    for (const path of Object.keys(temper)) {
      endpointIds.set(path, (await world.endpoint(receivers.urlOf(path))).endpoint.id);
    }
    const spawnRound = (name: string) => {
      const url = new URL(databaseUrl);
      url.searchParams.set('application_name', name);
      const environment = { DATABASE_URL: url.href, ENCRYPTION_KEY: encryptionKey.toString('base64') };
      return Promise.all(Array.from({ length: processesPerRound }, () => spawnDispatcher(environment)));
    };

    const countAttempts = async () => (await world.attempts()).length;
    const eventIds: string[] = [];
    let killCount = 0;
    const stoppedRound = Math.floor(roundCount / 2);
    const killsUntilDisabled = stoppedRound * processesPerRound;
    let next = spawnRound('round 0');
    for (round = 0; round < roundCount; round++) {
      const processes = await next;
      next = spawnRound(`round ${round + 1}`);
      next.catch(() => {});
      world.clock.set(new Date(base.getTime() + round * roundMs));
      const tellAll = () => {
        for (const { tell } of processes) tell(world.clock.now());
      };
      tellAll();
      for (const { kill } of processes) {
        const wanted = posts.length + 1 + Math.floor(Math.random() * 30);
        const write = (async () => {
          for (let index = 0; index < eventsPerKill; index++) {
            eventIds.push(await world.emit(loginEvent(eventIds.length)));
            world.clock.advance(1_000);
            tellAll();
          }
        })();
        // Some are killed at their first requests, some when their first results have been recorded.
        const recordedBefore = await countAttempts();
        const wantedRecords = killCount % 2 === 0 ? 0 : 1 + Math.floor(Math.random() * 30);
        const hasComeFar = async () => {
          // Pauses end, retries come due.
          world.clock.advance(1_000);
          tellAll();
          return posts.length >= wanted && (await countAttempts()) >= recordedBefore + wantedRecords;
        };
        // Longer than a lease: what the one killed before holds may be all that there is to be sent.
        await eventually(hasComeFar, { limitMs: 90_000, intervalMs: 5, what: `progress in round ${round}` });
        if (killCount === killsUntilDisabled) {
          await world.endpoints.update(world.clientId, endpointIds.get('stopped') ?? '', { status: 'DISABLED' });
        }
        await kill();
        await write;
        killCount++;
      }
      await letLeasesRunOut(world, `round ${round}`);
      await eventually(receivers.isQuiet, { limitMs: 60_000, what: 'the end of their requests' });
    }
    expect(killCount).toBe(roundCount * processesPerRound);

    // Receivers get well, and one more process goes through all that is left.
    receivers.heal();
    const [last, spare] = await next;
    await spare?.kill();
    const isDone = async () => {
      world.clock.advance(roundMs);
      last?.tell(world.clock.now());
      const left = await database.query<{ count: number }>(Prisma.sql`
        SELECT count(*)::int AS count FROM webhook_deliveries d JOIN webhook_endpoints w ON w.id = d.endpoint_id
        WHERE d.status = 'PENDING' AND w.status = 'ENABLED'`);
      return left[0]?.count === 0;
    };
    await eventually(isDone, { limitMs: 60_000, intervalMs: 300, what: `the rest\n${last?.output()}` });
    await last?.kill();

    // Every event is delivered to every endpoint that is enabled; none has failed for good.
    const endpoints = await database.prisma.webhookEndpoint.findMany();
    const pathOf = new Map([...endpointIds].map(([path, id]) => [id, path]));
    const disabled = endpoints.filter(({ status }) => status === 'DISABLED').map(({ id }) => pathOf.get(id));
    expect(disabled.sort()).toEqual(['gone', 'stopped']);
    const deliveries = await world.deliveries();
    const enabled = endpoints.filter(({ status }) => status === 'ENABLED');
    for (const { id } of enabled) {
      const accepted = deliveries.filter((delivery) => delivery.endpointId === id && delivery.status === 'DELIVERED');
      const acceptedIds = new Set(accepted.map(({ eventId }) => eventId));
      expect(eventIds.filter((eventId) => !acceptedIds.has(eventId))).toEqual([]);
      const seen = new Set(posts.filter(({ path }) => path === pathOf.get(id)).map((post) => post.id));
      expect(eventIds.filter((eventId) => !seen.has(eventId))).toEqual([]);
    }

    // None is made up, and what came twice is the same to the byte.
    const logged = new Set((await database.prisma.event.findMany({ select: { id: true } })).map(({ id }) => id));
    const bodies = new Map<string, string>();
    for (const { id, body } of posts) {
      expect(logged).toContain(id);
      expect(body).toBe(bodies.get(id) ?? body);
      bodies.set(id, body);
      expect(JSON.parse(body).data.id).toBe(id);
    }

    // Of what one delivery got in a round only POSTs in flight at a kill can be without their attempt: one of each process, since on
    // a slow machine the lease of the first may run out within the round.
    const attempts = await world.attempts();
    const deliveryOf = new Map(deliveries.map((delivery) => [delivery.id, delivery]));
    const keyOf = ({ deliveryId, startedAt }: (typeof attempts)[number]) => {
      const delivery = deliveryOf.get(deliveryId);
      const at = Math.min(Math.floor((startedAt.getTime() - base.getTime()) / roundMs), roundCount);
      return `${pathOf.get(delivery?.endpointId ?? '')} ${delivery?.eventId} ${at}`;
    };
    const recorded = countBy(attempts, keyOf);
    const sent = countBy(posts, (post) => `${post.path} ${post.id} ${post.round}`);
    for (const [key, count] of sent) {
      const missing = count - (recorded.get(key) ?? 0);
      const isLastRound = key.endsWith(` ${roundCount}`);
      expect(missing, `${key}: ${count} sent`).toBeLessThanOrEqual(isLastRound ? 0 : processesPerRound);
    }
    // What was given up before the receiver had come to it, it has not seen.
    const answered = attempts.filter(({ responseStatus }) => responseStatus !== null);
    for (const [key, count] of countBy(answered, keyOf))
      expect(sent.get(key) ?? 0, `${key}: ${count} recorded`).toBeGreaterThanOrEqual(count);
    for (const { id, attemptCount } of deliveries) {
      expect(attempts.filter(({ deliveryId }) => deliveryId === id)).toHaveLength(attemptCount);
    }

    // A disabled endpoint is sent nothing more; what it has not got is kept for it.
    expect(posts.filter(({ path, round: at }) => path === 'stopped' && at > stoppedRound)).toEqual([]);
    const lastRoundOfGone = Math.max(...posts.flatMap(({ path, round: at }) => (path === 'gone' ? [at] : [])));
    expect(lastRoundOfGone).toBeLessThan(roundCount);
    // Each disabling was told to all others.
    const told = await database.prisma.event.findMany({ where: { type: 'WEBHOOK_ENDPOINT_DISABLED' } });
    expect(told.map(({ endpointId }) => pathOf.get(endpointId ?? '')).sort()).toEqual(['gone', 'stopped']);
  },
  600_000,
);

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}
