import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { Client } from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { eventually } from './eventually.ts';
import { startMongoServer } from './mongodb-server.ts';
import { createPostgresDatabase, startPostgresServer } from './postgresql-server.ts';

test('a server ends, and its directory goes, when the process that started it is killed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tidewater-guarded-'));
  const guardedProcess = new URL('./guarded-process.ts', import.meta.url).href;
  const script = `
    import { startGuarded } from '${guardedProcess}';
    startGuarded({ command: 'sh', arguments: ['-c', 'echo $$ > pid; exec sleep 60'], directory: '${directory}' });
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: 'inherit',
  });
  onTestFinished(() => void parent.kill('SIGKILL'));
  await eventually(() => existsSync(join(directory, 'pid')));
  const exited = once(parent, 'exit');
  parent.kill('SIGKILL');
  await exited;
  await eventually(() => !existsSync(directory), { what: 'the directory to go' });
});

test('each database of the shared PostgreSQL server is new and empty', async ({ skip }) => {
  const postgresUrl = inject('postgresUrl');
  if (postgresUrl === null) return skip('no PostgreSQL server is at hand');
  const urls = [await createPostgresDatabase(postgresUrl), await createPostgresDatabase(postgresUrl)];
  for (const url of urls) {
    expect(await queryPostgres(url, 'SELECT tablename FROM pg_tables WHERE schemaname = current_schema')).toEqual([]);
    await queryPostgres(url, 'CREATE TABLE mine ()');
  }
});

test('a PostgreSQL server of the test keeps its data over a restart', async ({ skip }) => {
  const server = await startPostgresServer();
  if (!server) return skip('no PostgreSQL server is at hand');
  onTestFinished(async () => await server.stop());
  const url = await server.createDatabase();
  await queryPostgres(url, 'CREATE TABLE kept AS SELECT 1 AS number');
  await server.restart();
  expect(await queryPostgres(url, 'SELECT number FROM kept')).toEqual([{ number: 1 }]);
});

test.for([
  { keepsData: true, found: 1 },
  { keepsData: false, found: 0 },
])(
  'a MongoDB server of the test with keepsData $keepsData has $found of 1 documents after a restart',
  async ({ keepsData, found }, { skip }) => {
    const server = await startMongoServer({ keepsData });
    if (!server?.restart) return skip('no MongoDB server that can be restarted is at hand');
    onTestFinished(async () => await server.stop());
    const client = new MongoClient(server.url);
    onTestFinished(async () => await client.close());
    const documents = client.db('restarted').collection('documents');
    await documents.insertOne({ number: 1 });
    await server.restart();
    expect(await documents.countDocuments()).toBe(found);
  },
);

async function queryPostgres(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
