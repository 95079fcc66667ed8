import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { createEventLog, type EventLog } from '../../src/events/event-log.ts';
import { createLocalEventSignal } from '../../src/events/event-signal.ts';
import { Prisma } from '../../src/storage/database.ts';
import { fanOutSql } from '../../src/webhooks/fan-out.ts';
import { insertClient } from '../support/enrolled-users.ts';
import { messageOf, now, openEventWorld, openSharedDatabases, testEvent } from './event-world.ts';

const postgresUrl = inject('postgresUrl');

/** Reads on from where it is until `done`, as a reader does who trusts that nothing appears behind it. */
async function poll(log: EventLog, clientId: string, done: () => boolean): Promise<bigint[]> {
  const seen: bigint[] = [];
  for (let last = false; ; last = done()) {
    const records = await log.read({ clientId, after: seen.at(-1) ?? 0n, limit: 7 });
    seen.push(...records.map(({ position }) => position));
    if (last && records.length === 0) return seen;
  }
}

const exceptRollback = (error: Error): void => {
  if (error.message !== 'rolled back') throw error;
};
const upTo = (count: number) => Array.from({ length: count }, (_, i) => BigInt(i + 1));

describe('on the embedded database', () => {
  test('invariant 2: the log of a client has no holes and no repeats, however many write at once', async () => {
    const { log, clientId } = await openEventWorld();
    let writing = true;
    const polled = poll(log, clientId, () => !writing);
    await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        const write = log.commit(async (_tx, append) => {
          append(testEvent(clientId, `${i}a`));
          append(testEvent(clientId, `${i}b`));
          if (i % 3 === 0) throw new Error('rolled back');
        });
        await write.catch(exceptRollback);
      }),
    );
    writing = false;
    expect(await polled).toEqual(upTo(40));
    const messages = (await log.read({ clientId, limit: 100 })).map(messageOf);
    for (let at = 0; at < messages.length; at += 2) {
      expect(messages[at + 1]).toBe(messages[at]?.replace('a', 'b'));
    }
  });

  test('each client has a log of its own', async () => {
    const { log, clientId, client } = await openEventWorld();
    const other = await client();
    await log.commit(async (_tx, append) => {
      append(testEvent(other, 'other 1'));
      append(testEvent(clientId, 'own 1'));
      append(testEvent(other, 'other 2'));
    });
    expect(await log.head(clientId)).toBe(1n);
    expect(await log.head(other)).toBe(2n);
    expect((await log.read({ clientId: other, limit: 10 })).map(messageOf)).toEqual(['other 1', 'other 2']);
  });
});

describe.skipIf(postgresUrl === null)('on a PostgreSQL that several processes share', () => {
  async function openProcesses(count: number) {
    const databases = await openSharedDatabases(postgresUrl ?? '', count);
    const processes = databases.map((database) => {
      const log = createEventLog({ database, signal: createLocalEventSignal(), fanOutSql });
      onTestFinished(() => log.close());
      return { database, log };
    });
    const [first] = processes;
    if (!first) throw new Error('no process');
    return { processes, ...first };
  }

  test('invariant 2: a reader that has seen a position never finds one below it later, in whatever order transactions end', async () => {
    const { processes, database, log } = await openProcesses(3);
    const clientId = await insertClient(database, now);
    let writing = true;
    const readers = processes.map((each) => poll(each.log, clientId, () => !writing));
    const writers = processes.flatMap((each, process) =>
      [0, 1, 2].map(async (writer) => {
        for (let i = 0; i < 25; i++) {
          const write = each.log.commit(async (tx, append) => {
            append(testEvent(clientId, `${process} ${writer} ${i}`));
            // Whoever began first does not end first.
            await tx.$executeRaw`SELECT pg_sleep(${((i * 7 + process + writer) % 5) / 500}::float)`;
            if (i % 6 === 5) throw new Error('rolled back');
          });
          await write.catch(exceptRollback);
        }
      }),
    );
    await Promise.all(writers);
    writing = false;
    const written = 9 * 21;
    for (const seen of await Promise.all(readers)) expect(seen).toEqual(upTo(written));
    expect(await log.head(clientId)).toBe(BigInt(written));
  }, 60_000);

  test('transactions that write several logs do not wait for each other in a circle', async () => {
    const { processes, database, log } = await openProcesses(2);
    const clientIds = await Promise.all([0, 1, 2, 3].map(() => insertClient(database, now)));
    await Promise.all(
      processes.flatMap((each, process) =>
        [0, 1, 2].map(async (writer) => {
          const order = (process + writer) % 2 === 0 ? clientIds : clientIds.toReversed();
          for (let i = 0; i < 20; i++) {
            await each.log.commit(async (_tx, append) => {
              for (const clientId of order) append(testEvent(clientId, `${process} ${writer} ${i}`));
            });
          }
        }),
      ),
    );
    for (const clientId of clientIds) {
      expect((await log.read({ clientId, limit: 500 })).map(({ position }) => position)).toEqual(upTo(120));
    }
  }, 60_000);

  test('a statement that writes everything takes its place in the same order, and none when its condition fails', async () => {
    const { processes, database, log } = await openProcesses(3);
    const clientId = await insertClient(database, now);
    // Each name is given once: of those who ask for it at the same time, one gets it and tells of it.
    const take = async (each: { log: EventLog; database: typeof database }, name: string) => {
      const event = { ...testEvent(clientId, name), id: `evt_${name}_${Math.random()}` };
      return await each.database.query<{ position: bigint | null }>(Prisma.sql`
        WITH taken AS (
          UPDATE clients SET name = ${name} WHERE id = ${clientId} AND name < ${name} RETURNING id),
        ${each.log.appendCtes(event, Prisma.sql`EXISTS (SELECT FROM taken)`)}
        SELECT (SELECT position FROM new_event) AS position`);
    };
    await database.prisma.client.update({ where: { id: clientId }, data: { name: '' } });
    for (let round = 0; round < 25; round++) {
      const name = `name ${String(round).padStart(2, '0')}`;
      const beside = log.commit(async (_tx, append) => void append(testEvent(clientId, `beside ${round}`)));
      await Promise.all([...processes.map((each) => take(each, name)), beside]);
    }
    const records = await log.read({ clientId, limit: 500 });
    expect(records.map(({ position }) => position)).toEqual(upTo(50));
    expect(records.map(messageOf).filter((message) => message.startsWith('name'))).toHaveLength(25);
  }, 60_000);
});
