import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, validate } from 'graphql';
import { expect, onTestFinished, test } from 'vitest';
import { eventBounds } from '../../src/events/event-bounds.ts';
import { toCursor } from '../../src/events/event-cursor.ts';
import { changePage } from '../../src/graphql/limits.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { openTestApi, type TestApi } from '../support/api-fixture.ts';
import { getDocBlock, readDocBlocks, writeDocBlocks } from '../support/doc-blocks.ts';
import { createTestEvents } from '../support/event-streams.ts';
import { eventually } from '../support/eventually.ts';

interface RunningExample {
  output(): string;
  /** The ids of the events that it has printed. */
  ids(): string[];
}

async function run(command: string, args: string[], cwd: string, api: TestApi): Promise<RunningExample> {
  const { PATH = '', HOME = '' } = process.env;
  const child: ChildProcess = spawn(command, args, {
    cwd,
    env: { PATH, HOME, TIDEWATER_URL: api.url, TIDEWATER_API_KEY: api.keys.client },
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  return { output: () => output, ids: () => [...output.matchAll(/evt_\d+/g)].map(([id]) => id) };
}

const evt = (last: number) => Array.from({ length: last }, (_, i) => `evt_${i + 1}`);

async function printed(example: RunningExample, last: number): Promise<void> {
  await eventually(() => example.ids().includes(`evt_${last}`), { limitMs: 30_000 }).catch(() => {
    throw new Error(`It printed:\n${example.output()}`);
  });
}

test.each(['with-graphql-ws.ts', 'with-apollo.ts', 'with-urql.ts', 'with-relay.ts', 'with-graphql-sse.ts'])(
  'the example %s gets each event once, also those that are committed while the server is away',
  async (name) => {
    const directory = await writeDocBlocks(await readDocBlocks('docs/subscriber.md'));
    await writeFile(join(directory, 'cursor.txt'), toCursor(0n));
    const events = createTestEvents();
    const first = await openTestApi({ services: { events } });
    events.emit(2);
    const example = await run(process.execPath, ['--import', 'tsx', name], directory, first);
    await printed(example, 2);
    events.emit();
    await printed(example, 3);
    await first.close();
    events.emit(2);
    await openTestApi({ services: { events }, server: { port: Number(new URL(first.url).port) } });
    await printed(example, 5);
    events.emit();
    await printed(example, 6);
    expect(example.ids()).toEqual(evt(6));
  },
);

test('a subscription as a signal, and the bounds that are told', async () => {
  const blocks = await readDocBlocks('docs/subscriber.md');
  expect(validate(createSchema(), parse(getDocBlock(blocks, 'signal.graphql').code))).toEqual([]);
  const text = await readFile('docs/subscriber.md', 'utf8');
  expect(eventBounds.messageBytes).toBe(1024 * 1024);
  expect(text).toContain('never above 1 MiB');
  expect(text).toContain(`have ${changePage.defaultFirst} rows unless`);
  expect(text).toContain(`${changePage.maximumFirst} at most`);
});

test('curl prints the events as they come', async () => {
  const blocks = await readDocBlocks('docs/subscriber.md');
  const directory = await writeDocBlocks(blocks);
  const events = createTestEvents();
  const api = await openTestApi({ services: { events } });
  const curl = await run('sh', [getDocBlock(blocks, 'curl.sh').name ?? ''], directory, api);
  await eventually(events.isFollowed, { limitMs: 30_000 });
  events.emit(2);
  await printed(curl, 2);
  expect(curl.output()).toContain('event: next');
  expect(curl.ids()).toEqual(evt(2));
});
