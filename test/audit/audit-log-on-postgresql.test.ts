import { expect, inject, onTestFinished, test } from 'vitest';
import { createAuditLog } from '../../src/audit/audit-log.ts';
import { createAuditStore } from '../../src/audit/audit-store.ts';
import { verifyChains } from '../../src/audit/chain-verification.ts';
import { openDatabase, Prisma } from '../../src/storage/database.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';

const postgresUrl = inject('postgresUrl');

/** Two processes, as far as the database can tell. */
async function openTwo() {
  const databaseUrl = await createPostgresDatabase(postgresUrl ?? '');
  const clock = fixedClock();
  const errors: Error[] = [];
  const open = async () => {
    const database = await openDatabase({ databaseUrl, directory: null });
    const store = createAuditStore(database);
    const audit = createAuditLog({ clock, store, onError: (error) => errors.push(error) });
    onTestFinished(async () => {
      await audit.close();
      await database.close();
    });
    return { database, store, audit };
  };
  return { first: await open(), second: await open(), errors };
}

test.skipIf(postgresUrl === null)(
  'calls and counts of many clients, in two processes at once, wait for each other and never for ever',
  async () => {
    const { first, second, errors } = await openTwo();
    const calls = Array.from({ length: 300 }, async (_, n) => {
      const { audit, database } = n % 2 === 0 ? first : second;
      const clientId = `cli_${n % 3}`;
      const about = { clientId, actorId: 'key', subjectId: null, requestId: null, ipAddress: null, details: {} };
      const toSubject = (changed: unknown) => ({ subjectId: (changed as { id: string }).id });
      await audit.perform(
        { entry: { ...about, action: 'user.created' }, toSubject, toOutcome: () => ({ state: 'UNCHANGED' }) },
        () =>
          database.atomically(async (query) => {
            // Rows that calls of all clients want, in one order, before their own chain.
            await query(Prisma.sql`SELECT pg_advisory_xact_lock(${n % 5}::bigint)`);
            return { id: `usr_${n}` };
          }),
      );
    });
    const counted = [first, second].map(async ({ audit }, process) => {
      for (let n = 0; n < 600; n++) {
        audit.noteBankAccess({ clientId: `cli_${n % 3}`, bankLoginId: `login_${process}_${n}`, trigger: 'SCHEDULER' });
        if (n % 100 === 99) await audit.flush();
      }
    });
    await Promise.all([...calls, ...counted]);
    expect(errors).toEqual([]);
    const chains = await first.store.listChains();
    expect(chains.map(({ id, sequence }) => [id, sequence])).toEqual([0, 1, 2].map((n) => [`cli_${n}`, 500n]));
    for await (const fault of verifyChains(first.store)) expect(fault).toBeNull();
  },
);
