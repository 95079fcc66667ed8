import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type MongoTestServer, startMongoServer } from './mongodb-server.ts';
import { type PostgresServer, startPostgresServer } from './postgresql-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The PostgreSQL server of this test run, or null where none is at hand: `createPostgresDatabase(postgresUrl)`. */
    postgresUrl: string | null;
    /** The MongoDB server of this test run, without a database name, or null where none is at hand. */
    mongoUrl: string | null;
  }
}

/** Starts, once for a run, those servers that its test files name by `inject('postgresUrl')` and `inject('mongoUrl')`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const source = await readWithSupport(project.vitest.state.getPaths());
  const [postgres, mongo] = await Promise.allSettled([
    source.includes("inject('postgresUrl')") ? startPostgresServer() : null,
    source.includes("inject('mongoUrl')") ? startMongoServer() : null,
  ]);
  const stop = async () => {
    await Promise.all([stopIfStarted(postgres), stopIfStarted(mongo)]);
  };
  const failure = [postgres, mongo].find((result) => result.status === 'rejected');
  if (failure) {
    await stop();
    throw failure.reason;
  }
  project.provide('postgresUrl', postgres.status === 'fulfilled' ? (postgres.value?.url ?? null) : null);
  project.provide('mongoUrl', mongo.status === 'fulfilled' ? (mongo.value?.url ?? null) : null);
  return stop;
}

async function stopIfStarted(result: PromiseSettledResult<PostgresServer | MongoTestServer | null>): Promise<void> {
  if (result.status === 'fulfilled') await result.value?.stop();
}

/** The test files' text and that of the files under test/ that they import, from one to the next. */
async function readWithSupport(files: readonly string[]): Promise<string> {
  const texts = new Map<string, string>();
  const read = async (file: string): Promise<void> => {
    if (texts.has(file)) return;
    texts.set(file, '');
    const text = await readFile(file, 'utf8').catch(() => '');
    texts.set(file, text);
    const imports = [...text.matchAll(/from '(\.[^']+)'/g)].map((match) => resolve(dirname(file), match[1] ?? ''));
    await Promise.all(imports.filter((path) => path.includes('/test/')).map(read));
  };
  const ownFile = import.meta.filename;
  await Promise.all(files.filter((file) => file !== ownFile).map(read));
  return [...texts.values()].join('\n');
}
