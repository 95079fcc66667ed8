import { expect, inject, onTestFinished, test } from 'vitest';
import { createUserStore } from '../../src/clients/user-store.ts';
import { createUsers, type NewUser } from '../../src/clients/users.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { insertClient } from '../support/enrolled-users.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';

test.skipIf(!inject('postgresUrl'))(
  'many calls with one idempotency key at the same moment make one user; those with other input are told so',
  async () => {
    const databaseUrl = await createPostgresDatabase(inject('postgresUrl') as string);
    const databases = await Promise.all([1, 2].map(() => openDatabase({ databaseUrl, directory: null })));
    onTestFinished(async () => {
      for (const each of databases) await each.close();
    });
    const [database] = databases;
    if (!database) throw new Error('no database');
    const clock = fixedClock();
    const clientId = await insertClient(database, clock.now());
    // As two processes behind one balancer are.
    const processes = databases.map((each) => createUsers({ clock, store: createUserStore(each) }));
    const create = (i: number, input: Partial<NewUser>) =>
      processes[i % 2]?.createUser(clientId, {
        externalId: null,
        type: 'PERSON',
        recurring: false,
        idempotencyKey: 'key-1',
        ...input,
      });
    const same = await Promise.all(Array.from({ length: 10 }, (_, i) => create(i, {})));
    expect(new Set(same.map((user) => user?.id)).size).toBe(1);
    const others = await Promise.allSettled(Array.from({ length: 4 }, (_, i) => create(i, { recurring: true })));
    expect(others.map((other) => (other as PromiseRejectedResult).reason?.code)).toEqual(
      Array(4).fill('IDEMPOTENCY_KEY_REUSED'),
    );
    expect(await database.prisma.user.count()).toBe(1);
  },
);
