import { expect, it, onTestFinished } from 'vitest';
import { openJobStore } from '../../src/jobs/job-store.ts';
import { createJobs, createSynchronizationQueue } from '../../src/jobs/jobs.ts';
import { eventually } from '../support/eventually.ts';
import { startMongoServer } from '../support/mongodb-server.ts';
import { openTestDatabase } from '../support/test-database.ts';

// A server of its own: what is restarted here would break the tests of others.
it.each([
  { what: 'with its data kept', keepsData: true },
  { what: 'with nothing left in it', keepsData: false },
])('a lane is worked through although MongoDB is restarted in the middle, $what', async ({ keepsData }) => {
  const mongo = await startMongoServer({ keepsData });
  if (!mongo) return;
  onTestFinished(async () => await mongo.stop());
  if (!mongo.restart) return;
  const { pool } = await openTestDatabase();
  const store = await openJobStore({ mongodbUrl: `${mongo.url}/jobs`, pool, embedded: true, onError: () => {} });
  const queue = createSynchronizationQueue(store.agenda);
  let steps = 0;
  let atOnce = 0;
  let mostAtOnce = 0;
  const jobs = createJobs({
    agenda: store.agenda,
    cycles: {
      // As the ledger has it: a lane that nobody works on is put back into the queue.
      reconcile: async () => {
        if (steps < 20 && atOnce === 0) await queue.enqueueLane('cyc_1', 0);
      },
      completeIfDone: async () => {},
    },
    runner: {
      async workLane() {
        // As the lane's lease has it.
        if (atOnce > 0) return 'busy';
        mostAtOnce = Math.max(mostAtOnce, ++atOnce);
        if (++steps === 7) await mongo.restart?.();
        atOnce--;
        return steps < 20 ? 'continue' : 'finished';
      },
    },
    queue,
    maintenance: [],
    watched: [],
    retention: [],
    laneCount: 2,
    watchEveryMs: 300,
    onError: () => {},
  });
  await jobs.start();
  onTestFinished(async () => {
    await jobs.stop();
    await store.close();
  });
  await eventually(() => steps >= 20, { limitMs: 60_000 });
  expect(mostAtOnce).toBe(1);
});
