import { fork } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgresServer } from '../support/postgresql-server.ts';
import { toChart } from './chart.ts';
import { type BenchReport, printSection } from './report.ts';
import type { SectionOrder, SectionResult } from './run-section.ts';

const extension = extname(import.meta.filename);

/** Runs sections one after another, each in a process of its own; writes bench.json and bench.svg into the working directory. */
async function run(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true });
  const known = await listSections();
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`No section ${unknown.join(', ')}. There are: ${known.join(', ')}.`);
    return 2;
  }
  const quick = values.quick ?? false;
  const postgres = await startPostgresServer({
    durable: true,
    settings: ['shared_buffers=512MB', 'max_wal_size=4GB'],
  });
  const server = postgres
    ? `PostgreSQL ${await postgres.version()}, fsync on`
    : 'embedded PostgreSQL (PGlite), which never syncs to disk';
  console.log(`Database: ${server}. Node ${process.version}, ${os.availableParallelism()} CPUs.`);
  const sections: SectionResult[] = [];
  try {
    for (const name of positionals.length > 0 ? positionals : known) {
      const result = await runInProcess({ name, quick, postgresUrl: postgres?.url ?? null });
      printSection(result);
      sections.push(result);
    }
  } finally {
    await postgres?.stop();
  }
  const report: BenchReport = {
    at: new Date().toISOString(),
    node: process.version,
    cpus: os.cpus()[0]?.model ?? '',
    cpuCount: os.availableParallelism(),
    database: server,
    quick,
    sections,
  };
  await writeFile('bench.json', `${JSON.stringify(report, null, 2)}\n`);
  await writeFile('bench.svg', toChart(report));
  const failed = sections.filter(({ error }) => error !== null);
  const missed = sections.flatMap(({ comparisons }) =>
    comparisons.flatMap(({ ratios }) => ratios.filter(({ reached }) => reached === false)),
  );
  console.log(
    `\nbench.json and bench.svg are written. ${missed.length} ratios fall short, ${failed.length} sections failed.`,
  );
  return failed.length > 0 ? 1 : 0;
}

async function listSections(): Promise<string[]> {
  const files = await readdir(join(import.meta.dirname, 'sections'));
  return files
    .filter((file) => extname(file) === extension)
    .map((file) => file.slice(0, -extension.length))
    .sort();
}

function runInProcess(order: SectionOrder): Promise<SectionResult> {
  const child = fork(join(import.meta.dirname, `run-section${extension}`), [], {
    execArgv: [...process.execArgv, '--expose-gc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  child.send(order);
  return new Promise((resolve) => {
    let result: SectionResult = {
      name: order.name,
      about: '',
      comparisons: [],
      leftOut: [],
      error: 'The process ended without a result.',
    };
    child.on('message', (message: SectionResult) => {
      result = message;
    });
    child.on('exit', () => resolve(result));
  });
}

process.exitCode = await run();
