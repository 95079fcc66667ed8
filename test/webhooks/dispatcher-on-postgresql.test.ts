import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { eventually } from '../support/eventually.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { createServerWorld, createWorld, idOf, minutes } from './webhook-world.ts';

const postgresUrl = inject('postgresUrl');

describe.skipIf(postgresUrl === null)('several processes on one PostgreSQL', () => {
  test('share the work of flaky receivers: all is delivered, never two of one login at a time, every attempt recorded', async () => {
    const url = await createPostgresDatabase(postgresUrl ?? '');
    const databases = await Promise.all([0, 1, 2].map(() => openDatabase({ databaseUrl: url, directory: null })));
    const [first] = databases;
    if (!first) throw new Error('no database');
    const world = await createWorld({ database: first });
    onTestFinished(async () => {
      for (const database of databases) await database.close();
    });
    const busy = new Set<string>();
    const overlaps: string[] = [];
    const receiver = await world.receiver(async ({ body, path }, index) => {
      const login = `${path} ${JSON.parse(body).data.bankLogin.id}`;
      if (busy.has(login)) overlaps.push(login);
      busy.add(login);
      await new Promise((resolve) => setTimeout(resolve, index % 5));
      busy.delete(login);
      return index % 7 === 3 ? 500 : 204;
    });
    const origin = new URL(receiver.url).origin;
    for (let index = 0; index < 3; index++) await world.endpoint(`${origin}/${index}`);

    // Each with its own database and no signal from the others, as in processes of their own.
    const dispatchers = databases.map((database) => world.dispatcher({ database }));
    for (const dispatcher of dispatchers) dispatcher.start();
    for (let index = 0; index < 300; index++) {
      const bankLoginId = `login_${index % 10}`;
      await world.emit({
        bankLoginId,
        data: { ...bankLoginData, bankLogin: { id: bankLoginId, bank: { id: 'bank_1', name: 'Bank' } } },
      });
      // The retries of the first come due while the rest is on its way.
      world.clock.advance(30);
    }
    await eventually(
      async () => {
        const pending = (await world.deliveries()).filter(({ status }) => status === 'PENDING');
        const now = world.clock.now();
        // No clock of a process is minutes ahead of another's that is still at work.
        const isIdle = pending.every(({ nextAttemptAt }) => nextAttemptAt && nextAttemptAt > now);
        if (isIdle) world.clock.advance(minutes(10));
        return pending.length === 0;
      },
      { limitMs: 60_000, intervalMs: 200 },
    );
    for (const dispatcher of dispatchers) await dispatcher.stop();
    expect(overlaps).toEqual([]);
    const deliveries = await world.deliveries();
    expect(deliveries).toHaveLength(900);
    const attempts = await world.attempts();
    expect(attempts).toHaveLength(receiver.received.length);
    expect(deliveries.reduce((sum, { attemptCount }) => sum + attemptCount, 0)).toBe(attempts.length);
    expect(attempts.filter(({ responseStatus }) => responseStatus === 204)).toHaveLength(900);
  }, 120_000);

  test('keep to the rate limit of an endpoint together, and use it up', async () => {
    const url = await createPostgresDatabase(postgresUrl ?? '');
    const databases = await Promise.all([0, 1, 2].map(() => openDatabase({ databaseUrl: url, directory: null })));
    const [first] = databases;
    if (!first) throw new Error('no database');
    const world = await createWorld({ database: first });
    onTestFinished(async () => {
      for (const database of databases) await database.close();
    });
    const times: number[] = [];
    const receiver = await world.receiver(() => {
      times.push(performance.now());
      return 204;
    });
    await world.endpoint(receiver.url, { rateLimit: 20 });
    for (let index = 0; index < 80; index++) await world.emit({ bankLoginId: `login_${index}` });
    for (const database of databases) world.dispatcher({ database }).start();
    await eventually(async () => (await world.deliveries()).every(({ status }) => status === 'DELIVERED'), {
      limitMs: 30_000,
    });
    expect(times).toHaveLength(80);
    // 80 at 20 a second; times are the receiver's, who may be late for the first. Each for itself would be done in a second.
    expect((times[79] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(3_500);
  });

  test('leave a login alone as a whole while one of its deliveries is locked, and no other login', async () => {
    const { world, session } = await createServerWorld();
    const receiver = await world.receiver();
    await world.endpoint(receiver.url);
    const sent: string[] = [];
    for (const bankLoginId of ['login_1', 'login_2', 'login_1', 'login_1'])
      sent.push(await world.emit({ bankLoginId }));
    const [first, other, locked, last] = sent;
    await session.query('BEGIN');
    await session.query('SELECT FROM webhook_deliveries WHERE event_id = $1 FOR UPDATE', [locked]);
    const dispatcher = world.dispatcher();
    dispatcher.start();
    await receiver.waitFor(1);
    await session.query('COMMIT');
    await receiver.waitFor(sent.length);
    await dispatcher.stop();
    expect(receiver.received.map(idOf)).toEqual([other, first, locked, last]);
  });

  test('leave a login alone while another process, whose clock is ahead or which claims meanwhile, retries one of its deliveries', async () => {
    const { world, session } = await createServerWorld();
    const receiver = await world.receiver();
    await world.endpoint(receiver.url);
    const retried = await world.emit({ bankLoginId: 'login_1' });
    const next = await world.emit({ bankLoginId: 'login_1' });
    await session.query('UPDATE webhook_deliveries SET next_attempt_at = $2 WHERE event_id = $1', [
      retried,
      new Date(world.clock.now().getTime() + 2_000),
    ]);
    await session.query('BEGIN');
    await session.query(
      `UPDATE webhook_deliveries SET claimed_until = now() + interval '1 minute' WHERE event_id = $1`,
      [retried],
    );
    const dispatcher = world.dispatcher();
    dispatcher.start();
    const meanwhile = await world.emit({ bankLoginId: 'login_2' });
    await receiver.waitFor(1);
    await session.query('COMMIT');
    const afterwards = await world.emit({ bankLoginId: 'login_3' });
    await receiver.waitFor(2);
    await session.query(
      `UPDATE webhook_deliveries SET claimed_until = NULL, status = 'DELIVERED' WHERE event_id = $1`,
      [retried],
    );
    await receiver.waitFor(3);
    await dispatcher.stop();
    expect(receiver.received.map(idOf)).toEqual([meanwhile, afterwards, next]);
  });

  test('without help of a signal, a process finds what another one committed within a poll', async () => {
    const url = await createPostgresDatabase(postgresUrl ?? '');
    const database = await openDatabase({ databaseUrl: url, directory: null });
    const world = await createWorld({ database });
    onTestFinished(async () => await database.close());
    const receiver = await world.receiver();
    await world.endpoint(receiver.url);
    const deaf = { publish() {}, subscribe: () => () => {}, close: async () => {} };
    world.dispatcher({ signal: deaf, clock: systemClock }).start();
    await world.emit();
    await receiver.waitFor(1, 5_000);
  });
});

const bankLoginData = {
  user: { id: 'usr_1', externalId: null },
  trigger: 'SCHEDULER' as const,
  sequence: 1,
  accounts: [],
};
