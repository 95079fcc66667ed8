import fc from 'fast-check';
import { expect, inject, onTestFinished } from 'vitest';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { createWalk } from './life-walk.ts';
import { randomLife } from './random-lives.ts';

// A life that went wrong is gone through again by the seed and the path that the failure names.
const { RANDOM_SEED, RANDOM_PATH, RANDOM_SEQUENCES } = process.env;
const lanesOnServer = 4;

const postgresUrl = inject('postgresUrl');
const usual = postgresUrl === null ? 300 : 10_000;
const count = Math.ceil(Number(RANDOM_SEQUENCES ?? usual) / 2);

const usualSeed = 20_261_128;

/** Many times what it takes on two cores. */
export const limitMs = 10 * 60_000 + count * 700;

/**
 * Goes through half of the random lives: through 5,000 on a PostgreSQL server, several at the same time; through 150 on the embedded
 * database where there is no server, which is said loudly. With RANDOM_SEQUENCES the two halves are that many.
 */
export async function goThroughHalfOfTheLives(half: 1 | 2): Promise<void> {
  if (count < 5_000) process.stderr.write(`\n*** ONLY ${count} random lives, and not 5,000.\n\n`);
  const database = await open();
  const laneCount = postgresUrl === null || RANDOM_SEED ? 1 : lanesOnServer;
  const walks = [];
  for (let lane = 0; lane < laneCount; lane += 1) walks.push(await createWalk(database));
  let hasFailed = false;
  let gone = 0;
  await Promise.all(
    walks.map(async (walk, lane) => {
      // Once one has failed, the others end.
      const property = fc.asyncProperty(randomLife, async (life) => {
        if (hasFailed) return;
        await walk(life);
        gone += 1;
        if (gone === 100) await database.pool.query('ANALYZE');
      });
      try {
        await fc.assert(property, {
          numRuns: Math.ceil(count / laneCount),
          // The same lives in every test run, so that a change is what it shows; others with each run of RANDOM_SEQUENCES.
          ...(RANDOM_SEED || !RANDOM_SEQUENCES
            ? { seed: Number(RANDOM_SEED ?? usualSeed + half * laneCount + lane) }
            : {}),
          ...(RANDOM_PATH && { path: RANDOM_PATH }),
        });
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }),
  );
  expect(gone).toBeGreaterThanOrEqual(RANDOM_PATH ? 1 : count);
}

async function open(): Promise<Database> {
  if (postgresUrl === null) return await openTestDatabase();
  const url = new URL(await createPostgresDatabase(postgresUrl));
  // So small a database gains nothing from plans made anew for each call, nor from compiling them. Those made while it was empty would
  // read tables from end to end for as long as it grows.
  url.searchParams.set('options', '-c plan_cache_mode=force_generic_plan -c jit=off -c enable_seqscan=off');
  const database = await openDatabase({ databaseUrl: url.href, directory: null });
  onTestFinished(async () => await database.close());
  return database;
}
