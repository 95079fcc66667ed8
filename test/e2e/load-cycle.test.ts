import { expect, it } from 'vitest';
import { openLoadCycle, renderLoadCycles, runLoadCycle } from '../chaos/load-cycle.ts';
import { startPostgresServer } from '../support/postgresql-server.ts';

// The figures that are printed are those of a machine that is busy with other tests: `npm run cycle-figures` has them quiet, and for ten
// thousand users as well.
it('synchronizes three thousand users each once, in the order of their enrolment, and opens a cycle for a hundred thousand', {
  timeout: 1_200_000,
}, async (test) => {
  const postgres = await startPostgresServer({ durable: true });
  if (!postgres) return test.skip('PostgreSQL is missing');
  try {
    const small = await runLoadCycle(postgres, 1_000);
    const large = await runLoadCycle(postgres, 3_000);
    const opened = await openLoadCycle(postgres, 100_000);
    console.log(renderLoadCycles([small, large, opened]));
    expect(small).toMatchObject({ users: 1_000, synchronizedOnce: 1_000, outOfOrder: 0 });
    expect(large).toMatchObject({ users: 3_000, synchronizedOnce: 3_000, outOfOrder: 0 });
    expect(opened).toMatchObject({ users: 100_000 });
  } finally {
    await postgres.stop();
  }
});
