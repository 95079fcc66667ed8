import { startPostgresServer } from '../support/postgresql-server.ts';
import { openLoadCycle, renderLoadCycles, runLoadCycle } from './load-cycle.ts';

// npm run cycle-figures -- 1000 10000: a cycle over so many load-<n> users each, on a PostgreSQL that syncs to disk. Last, the
// opening of a cycle for 100,000.
const postgres = await startPostgresServer({ durable: true });
if (postgres) {
  try {
    const cycles = [];
    for (const users of process.argv.slice(2).map(Number)) cycles.push(await runLoadCycle(postgres, users));
    console.log(renderLoadCycles([...cycles, await openLoadCycle(postgres, 100_000)]));
  } finally {
    await postgres.stop();
  }
}
