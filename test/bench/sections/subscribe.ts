import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../../src/domain/clock.ts';
import { newId } from '../../../src/domain/ids.ts';
import { createEventLog } from '../../../src/events/event-log.ts';
import type { EventRecord } from '../../../src/events/event-record.ts';
import { toEventBody } from '../../../src/events/event-record.ts';
import { createLocalEventSignal } from '../../../src/events/event-signal.ts';
import type { Database } from '../../../src/storage/database.ts';
import { fanOutSql } from '../../../src/webhooks/fan-out.ts';
import type { IdleServerQuestion } from '../helpers/idle-server.ts';
import type { SubscribersQuestion } from '../helpers/subscribers.ts';
import type { Bench, Comparison, Contestant, Helper, Section } from '../section.ts';
import {
  openBareServer,
  openProductServer,
  type Speech,
  speakToBareServer,
  speakToProduct,
} from '../subscription-servers.ts';

const userCount = 100;

export const section: Section = {
  about:
    'Events of the log reach graphql-ws subscribers: read, executed and written once for all who share a document.',
  async open(bench) {
    const database = await bench.openDatabase();
    const stage = createStage(bench);
    const compareSending = (given: { name: string; work: Work; atLeast: number }): Comparison => ({
      name: given.name,
      figures,
      contestants: [
        stage.contestant(given.name, 'tidewater', () => openProduct(bench, database, given.work)),
        stage.contestant(given.name, 'bare ws', () => openBare(bench, given.work)),
      ],
      targets: [{ figure: 'rate', ours: 'tidewater', against: 'bare ws', atLeast: given.atLeast }],
    });
    const [toAll, toFew] = bench.quick ? [40_000, 20_000] : [100_000, 40_000];
    return [
      ...[1_000, 5_000].flatMap((count) => [
        compareSending({
          name: `${count} subscribers, all matching, one event at a time`,
          work: { count, events: Math.round(toAll / count), isFiltered: false, atOnce: 1 },
          atLeast: 0.7,
        }),
        compareSending({
          name: `${count} subscribers, all matching, a stream of events`,
          work: { count, events: Math.round(toAll / count), isFiltered: false, atOnce: 1_000 },
          atLeast: 0.7,
        }),
        compareSending({
          name: `${count} subscribers, 1 % matching, a stream of events`,
          work: { count, events: Math.round(toFew / (count / userCount)), isFiltered: true, atOnce: 10_000 },
          atLeast: 0.6,
        }),
      ]),
      await compareIdle(bench, database),
    ];
  },
};

const figures = { rate: 'messages/s', cpu: 'µs of the server per message' };

interface Work {
  /** Of subscribers. */
  count: number;
  events: number;
  /** Each event is for one user in a hundred, else for everybody. */
  isFiltered: boolean;
  /** The next so many are sent when those before have arrived. */
  atOnce: number;
}

type Open = { measure: Contestant['measure']; close(): Promise<unknown> };

/** Sockets are many and a process may have so many: a comparison opens its own when it begins, and gives them back after. */
function createStage(bench: Bench) {
  let comparison = '';
  const open: Promise<Open>[] = [];
  const clear = async (): Promise<void> => {
    for (const each of open.splice(0)) await (await each).close();
  };
  bench.onClose(clear);
  return {
    contestant(of: string, name: string, start: () => Promise<Open>): Contestant {
      let mine: Promise<Open> | null = null;
      return {
        name,
        async measure() {
          if (comparison !== of) await clear();
          comparison = of;
          if (!mine) {
            mine = start();
            open.push(mine);
          }
          return await (await mine).measure();
        },
      };
    },
  };
}

async function openProduct(bench: Bench, database: Database, work: Work): Promise<Open> {
  const clientId = await addClient(database);
  const signal = createLocalEventSignal();
  const eventLog = createEventLog({ database, signal, fanOutSql });
  // As another process would: its signal is not heard here, so that the clock starts when it is passed on.
  const elsewhere = createEventLog({ database, signal: createLocalEventSignal(), fanOutSql });
  const server = await openProductServer(eventLog, clientId);
  const subscribers = await subscribe(bench, { ...work, port: server.port, speak: speakToProduct });
  let head = 0n;
  return {
    measure: () =>
      measureSending(subscribers, work, {
        // The clock stands still: to commit is no part of what is compared.
        async prepare({ from, to }) {
          for (let at = from; at < to; at += 500) {
            await elsewhere.commit(async (_tx, append) => {
              for (let i = at; i < Math.min(at + 500, to); i++) {
                const { type, data, userId, occurredAt } = toRecord(clientId, i);
                append({ clientId, type, data, userId, occurredAt });
              }
            });
          }
          head = await elsewhere.head(clientId);
        },
        send: () => signal.publish(clientId, head),
      }),
    async close() {
      await subscribers.stop();
      await server.close();
      eventLog.close();
      elsewhere.close();
    },
  };
}

async function openBare(bench: Bench, work: Work): Promise<Open> {
  const server = await openBareServer();
  const subscribers = await subscribe(bench, { ...work, port: server.port, speak: speakToBareServer });
  return {
    measure: () =>
      measureSending(subscribers, work, {
        async prepare() {},
        async send({ from, to }) {
          for (let i = from; i < to; i++) {
            const record = toRecord('cli_bench', i);
            const body = { __typename: 'WebhookTest', ...toEventBody(record) };
            const message = JSON.stringify({ id: 'operation-1234', type: 'next', payload: { data: { events: body } } });
            server.send(message, work.isFiltered ? record.userId : null);
            // Lets the sockets write.
            if (i % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
          }
        },
      }),
    async close() {
      await subscribers.stop();
      await server.close();
    },
  };
}

async function subscribe(bench: Bench, given: Work & { port: number; speak: Speech }): Promise<Helper> {
  const subscribers = await bench.startHelper('subscribers');
  await connect(subscribers, given);
  // The last of them may still be on its way into the log's tail.
  await wait(500);
  return subscribers;
}

async function connect(
  subscribers: Helper,
  { port, speak, count, isFiltered }: Pick<Work, 'count' | 'isFiltered'> & { port: number; speak: Speech },
): Promise<void> {
  const messages = Array.from({ length: count }, (_, index) =>
    speak(isFiltered ? `usr_${index % userCount}` : null, index),
  );
  await ask(subscribers, { connect: { port, messages } });
}

interface Sending {
  prepare(events: { from: number; to: number }): Promise<void>;
  send(events: { from: number; to: number }): void | Promise<void>;
}

async function measureSending(
  subscribers: Helper,
  { count, events, isFiltered, atOnce }: Work,
  { prepare, send }: Sending,
): Promise<Record<string, number>> {
  const perEvent = isFiltered ? count / userCount : count;
  const expected = perEvent * events;
  await ask(subscribers, 'reset');
  let seconds = 0;
  let cpuMicroseconds = 0;
  for (let from = 0; from < events; from += atOnce) {
    const to = Math.min(from + atOnce, events);
    await prepare({ from, to });
    const received = ask(subscribers, { waitFor: perEvent * to });
    const cpuBefore = process.cpuUsage();
    const begin = performance.now();
    await send({ from, to });
    await received;
    seconds += (performance.now() - begin) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    cpuMicroseconds += user + system;
  }
  // What came twice would come now.
  await wait(100);
  const total = await ask(subscribers, { waitFor: 0 });
  if (total !== expected) throw new Error(`The subscribers had ${total} messages, not ${expected}.`);
  return { rate: expected / seconds, cpu: cpuMicroseconds / expected };
}

/** What a subscriber costs to whom nothing happens. */
async function compareIdle(bench: Bench, database: Database): Promise<Comparison> {
  const count = bench.quick ? 4_000 : 10_000;
  // Longer than the time from one ping to the next, which is 30 s.
  const idleSeconds = bench.quick ? 5 : 31;
  const clientId = await addClient(database);
  const contestant = (name: string, kind: 'tidewater' | 'bare', speak: Speech): Contestant => ({
    name,
    async measure() {
      const databaseUrl = database.connectionString;
      const server = await bench.startHelper('idle-server', { kind, databaseUrl, clientId });
      const subscribers = await bench.startHelper('subscribers');
      const look = (question: IdleServerQuestion) => server.ask<number>(question);
      const before = await look('memory');
      await connect(subscribers, { port: Number(server.ready.port), speak, count, isFiltered: true });
      await wait(1_000);
      const memory = ((await look('memory')) - before) / 1024 / count;
      const cpuBefore = await look('cpu');
      await wait(idleSeconds * 1000);
      const cpu = (((await look('cpu')) - cpuBefore) / 1e6 / idleSeconds) * 100;
      await ask(subscribers, 'disconnect');
      await Promise.all([server.stop(), subscribers.stop()]);
      return { memory, cpu };
    },
  });
  return {
    name: `${count} subscribers, idle`,
    figures: { memory: 'KiB per subscriber', cpu: '% of a core' },
    contestants: [
      contestant('tidewater', 'tidewater', speakToProduct),
      contestant('bare ws', 'bare', speakToBareServer),
    ],
    targets: [{ figure: 'memory', ours: 'tidewater', against: 'bare ws', atMost: 4 }],
    rounds: 1,
    warmUps: 0,
  };
}

async function ask(subscribers: Helper, question: SubscribersQuestion): Promise<number> {
  return await subscribers.ask<number>(question);
}

async function addClient(database: Database): Promise<string> {
  const now = systemClock.now();
  const id = newId('client', now);
  await database.prisma.client.create({ data: { id, name: 'Bench', createdAt: now, eventHead: { create: {} } } });
  return id;
}

function toRecord(clientId: string, index: number): EventRecord {
  return {
    id: newId('event', systemClock.now()),
    clientId,
    position: BigInt(index + 1),
    type: 'WEBHOOK_TEST',
    occurredAt: systemClock.now(),
    userId: `usr_${index % userCount}`,
    bankLoginId: null,
    cycleId: null,
    endpointId: null,
    data: { message: 'x'.repeat(200) },
  };
}
