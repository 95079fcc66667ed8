import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse, validate } from 'graphql';
import { expect, onTestFinished, test } from 'vitest';
import { createSchema } from '../../src/graphql/schema.ts';
import { removeOldEvents } from '../../src/webhooks/retention.ts';
import { openTestApi } from '../support/api-fixture.ts';
import { getDocBlock, readDocBlocks, writeDocBlocks } from '../support/doc-blocks.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { openWholeApi } from '../support/whole-api.ts';
import { createWalk } from '../sync/life-walk.ts';
import { randomLife } from '../sync/random-lives.ts';

const page = 'docs/mirror.md';

test.each(['changes.graphql', 'deletions.graphql', 'beginning.graphql', 'login.graphql'])(
  '%s fits the API',
  async (name) => {
    expect(validate(createSchema(), parse(getDocBlock(await readDocBlocks(page), name).code))).toEqual([]);
  },
);

test('the client has in the end what is stored, killed in the middle, late, and after deletions', async () => {
  const database = await openTestDatabase();
  const walk = await createWalk(database);
  const clientId = (await database.prisma.client.findFirstOrThrow()).id;
  const { source } = openWholeApi(database);
  const api = await openTestApi({ clientId, services: source.services, prisma: source.prisma });
  const blocks = await readDocBlocks(page);
  const directory = await writeDocBlocks(blocks);
  const changes = getDocBlock(blocks, 'changes.graphql').code.replace('first: 500', 'first: 2');
  await writeFile(join(directory, 'changes.graphql'), changes);
  const env = { PATH: process.env.PATH ?? '', TIDEWATER_URL: api.url, TIDEWATER_API_KEY: api.keys.client };

  /** Killed as soon as it has saved its copy for the `killAfter`th time. */
  async function run(killAfter = Number.POSITIVE_INFINITY): Promise<void> {
    let [saved, output] = [0, ''];
    const child: ChildProcess = spawn(
      process.execPath,
      ['--import', 'tsx', getDocBlock(blocks, 'keep.ts').name ?? ''],
      { cwd: directory, env },
    );
    onTestFinished(() => void child.kill('SIGKILL'));
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
    const watcher = watch(directory, (_type, name) => {
      if (name === 'copy.json') saved += 1;
      if (saved >= killAfter) child.kill('SIGKILL');
    });
    await once(child, 'exit');
    watcher.close();
    if (killAfter === Number.POSITIVE_INFINITY) expect(`${child.exitCode} ${output}`).toBe('0 ');
  }

  async function expectExact(): Promise<number> {
    const copy = JSON.parse(await readFile(join(directory, 'copy.json'), 'utf8'));
    const rows = await database.prisma.transaction.findMany({ orderBy: { id: 'asc' } });
    const stored = rows.map(({ id, status, remittanceInformation }) => ({ id, status, remittanceInformation }));
    const copied = Object.values<(typeof stored)[number]>(copy.transactions);
    copied.sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(copied).toMatchObject(stored);
    expect(copied).toHaveLength(stored.length);
    return stored.length;
  }

  const live = async (lives: number, seed: number) => {
    for (const life of fc.sample(randomLife, { numRuns: lives, seed })) await walk(life);
  };
  await live(8, 1);
  await run(3);
  await live(4, 2);
  await run(1);
  await run();
  expect(await expectExact()).toBeGreaterThan(8);

  const first = await database.prisma.bankLogin.findFirstOrThrow({ where: { accounts: { some: {} } } });
  const { errors } = await api.request(`mutation { deleteBankLogin(id: "${first.id}") { __typename } }`);
  expect(errors).toBeUndefined();
  await live(2, 3);
  await run();
  await expectExact();

  // Away for longer than events are kept.
  const second = await database.prisma.bankLogin.findFirstOrThrow({ where: { accounts: { some: {} } } });
  await api.request(`mutation { deleteUser(id: "${second.userId}") { __typename } }`);
  await live(2, 4);
  for await (const _ of removeOldEvents(database, new Date('2100-01-01')));
  await run();
  expect(await expectExact()).toBeGreaterThan(4);
}, 300_000);
