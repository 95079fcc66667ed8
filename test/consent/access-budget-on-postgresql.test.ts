import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { createAccessBudget } from '../../src/consent/access-budget-store.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';

const postgresUrl = inject('postgresUrl');
const start = new Date('2026-03-10T10:00:00Z');

// The embedded database is one session: only a server shows what happens at the same moment.
describe.skipIf(postgresUrl === null)('on a PostgreSQL server', () => {
  it.each([1, 2, 4])(
    'of %i accesses a day none is granted twice, whatever number ask in the same moment',
    async (limit) => {
      const databaseUrl = await createPostgresDatabase(postgresUrl ?? '');
      const database = await openDatabase({ databaseUrl, directory: null });
      onTestFinished(async () => await database.close());
      const clientId = await insertClient(database, start);
      const budget = createAccessBudget(database);
      for (let round = 0; round < 10; round++) {
        const { loginId: bankLoginId } = await insertEnrolledUser(database, { clientId, now: start });
        const { id: consentId } = await database.prisma.consent.findFirstOrThrow({ where: { bankLoginId } });
        const reserved = await Promise.all(
          Array.from({ length: 8 }, () =>
            budget.reserve({
              consentId,
              bankLoginId,
              frequencyPerDay: limit,
              trigger: 'SCHEDULER',
              attended: false,
              accesses: [{ resourceId: 'r1', endpoint: 'TRANSACTIONS' }],
              now: start,
            }),
          ),
        );
        const granted = reserved.filter(({ outcome }) => outcome === 'granted').length;
        expect(granted).toBeLessThanOrEqual(limit);
        expect(await database.prisma.bankAccess.count({ where: { consentId } })).toBe(granted);
      }
    },
  );
});
