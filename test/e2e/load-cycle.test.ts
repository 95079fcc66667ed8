import { expect, it } from 'vitest';
import { openLoadCycle, renderLoadCycles, runLoadCycle } from '../chaos/load-cycle.ts';
import { startPostgresServer } from '../support/postgresql-server.ts';

// The figures that are printed are those of a machine that is busy with other tests: `npm run cycle-figures` has them quiet.
it('synchronizes ten thousand users each once, in the order of their enrolment, and opens a cycle for a hundred thousand', {
  timeout: 1_200_000,
}, async (test) => {
  const postgres = await startPostgresServer({ durable: true });
  if (!postgres) return test.skip('PostgreSQL is missing');
  try {
    const small = await runLoadCycle(postgres, 1_000);
    const large = await runLoadCycle(postgres, 10_000);
    console.log(renderLoadCycles([small, large, await openLoadCycle(postgres, 100_000)]));
    for (const cycle of [small, large]) {
      expect(cycle).toMatchObject({ synchronizedOnce: cycle.users, outOfOrder: 0 });
    }
  } finally {
    await postgres.stop();
  }
});
