import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { expect, inject, onTestFinished } from 'vitest';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { createWalk } from './life-walk.ts';
import { type Life, randomLife } from './random-lives.ts';
import { regressionLives } from './regression-lives.ts';

// A life that went wrong is gone through again by the seed and the path that the failure names.
const { RANDOM_SEED, RANDOM_PATH, RANDOM_SEQUENCES } = process.env;
const lanesOnServer = 4;
/** Lives with one seed. */
const chunkSize = 125;

const postgresUrl = inject('postgresUrl');
const usual = postgresUrl === null ? 300 : 3_000;
const count = Math.ceil(Number(RANDOM_SEQUENCES ?? usual) / 2);

const usualSeed = 20_261_129;

/** Many times what it takes on two cores. */
export const limitMs = 10 * 60_000 + count * 700;

type Walk = (life: Life) => Promise<void>;

/**
 * Goes through half of the random lives, and of those that went wrong once: through 1,500 on a PostgreSQL server, several at the same time;
 * through 150 on the embedded database where there is no server, which is said loudly. With RANDOM_SEQUENCES the two halves are that many,
 * by seeds of their own, which are printed.
 */
export async function goThroughHalfOfTheLives(half: 1 | 2): Promise<void> {
  if (count < 1_500) process.stderr.write(`\n*** ONLY ${count} random lives, and not 1,500.\n\n`);
  const database = await open();
  const laneCount = postgresUrl === null || RANDOM_SEED ? 1 : lanesOnServer;
  const walks: Walk[] = [];
  for (let lane = 0; lane < laneCount; lane += 1) walks.push(await createWalk(database));
  const [first] = walks;
  for (const [index, life] of regressionLives.entries()) if (index % 2 === half - 1) await first?.(life);
  const progress = { gone: 0, hasFailed: false };
  const lives = { count: Math.ceil(count / laneCount), progress, database };
  await Promise.all(
    walks.map((walk, lane) => goThrough(walk, { ...lives, firstSeed: usualSeed + half * laneCount + lane })),
  );
  expect(progress.gone).toBeGreaterThanOrEqual(RANDOM_PATH ? 1 : count);
}

interface Lives {
  count: number;
  firstSeed: number;
  progress: { gone: number; hasFailed: boolean };
  database: Database;
}

async function goThrough(walk: Walk, { count: all, firstSeed, progress, database }: Lives): Promise<void> {
  for (let begun = 0; begun < all && !progress.hasFailed; begun += chunkSize) {
    // The same lives in every test run, so that a change is what it shows; others with each run of RANDOM_SEQUENCES.
    const seed = RANDOM_SEQUENCES ? randomInt(2 ** 31) : firstSeed + begun;
    // Once one has failed, the others end.
    const property = fc.asyncProperty(randomLife, async (life) => {
      if (progress.hasFailed) return;
      await walk(life);
      progress.gone += 1;
      if (progress.gone === 100) await database.pool.query('ANALYZE');
    });
    try {
      await fc.assert(property, {
        numRuns: Math.min(chunkSize, all - begun),
        seed: Number(RANDOM_SEED ?? seed),
        ...(RANDOM_PATH && { path: RANDOM_PATH }),
      });
    } catch (error) {
      progress.hasFailed = true;
      throw error;
    }
    if (RANDOM_SEQUENCES) process.stderr.write(`${progress.gone} lives of ${count} are gone; seed ${seed} is green.\n`);
  }
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
