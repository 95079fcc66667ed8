import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { openDatabase } from '../../src/storage/database.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { startHelper } from './helper-process.ts';
import { type ComparisonResult, compare } from './rounds.ts';
import type { Bench, Section } from './section.ts';

export interface SectionOrder {
  name: string;
  quick: boolean;
  /** Null: no server is at hand. */
  postgresUrl: string | null;
}

export interface SectionResult {
  name: string;
  about: string;
  comparisons: ComparisonResult[];
  leftOut: string[];
  error: string | null;
}

/** Measures one section, in a process that has done nothing else before. */
async function runSection({ name, quick, postgresUrl }: SectionOrder): Promise<SectionResult> {
  const closers: (() => Promise<unknown>)[] = [];
  const leftOut: string[] = [];
  const result: SectionResult = { name, about: '', comparisons: [], leftOut, error: null };
  const bench = createBench({ quick, postgresUrl, leftOut, onClose: (close) => closers.push(close) });
  try {
    const { section } = (await import(`./sections/${name}${extname(import.meta.filename)}`)) as {
      section: Section;
    };
    result.about = section.about;
    for (const comparison of await section.open(bench)) {
      process.stderr.write(`${name}: ${comparison.name}\n`);
      result.comparisons.push(await compare(comparison, quick));
    }
  } catch (error) {
    result.error = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  for (const close of closers.reverse()) await close().catch((error: unknown) => process.stderr.write(`${error}\n`));
  return result;
}

interface BenchDeps {
  quick: boolean;
  postgresUrl: string | null;
  leftOut: string[];
  onClose(close: () => Promise<unknown>): void;
}

function createBench({ quick, postgresUrl, leftOut, onClose }: BenchDeps): Bench {
  const createDatabase = async () =>
    postgresUrl === null ? null : await createPostgresDatabase(postgresUrl, `bench_${randomBytes(6).toString('hex')}`);
  return {
    quick,
    createDatabase,
    onClose,
    async openDatabase() {
      const databaseUrl = await createDatabase();
      const directory = databaseUrl === null ? await mkdtemp(join(tmpdir(), 'tidewater-bench-')) : null;
      const database = await openDatabase({ databaseUrl, directory });
      onClose(async () => {
        await database.close();
        if (directory) await rm(directory, { recursive: true, force: true });
      });
      return database;
    },
    async startHelper(name, options) {
      const helper = await startHelper(name, options);
      onClose(() => helper.stop());
      return helper;
    },
    importPeer: async <T>(name: string) => (await import(name)) as T,
    leaveOut: (what) => void leftOut.push(what),
  };
}

process.once('message', async (order: SectionOrder) => {
  const result = await runSection(order);
  process.send?.(result, () => process.exit(0));
});
