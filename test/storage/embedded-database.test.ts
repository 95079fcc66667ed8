import { cp, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/storage/database.ts';

let directory: string;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'tidewater-')), 'database');
});
afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true, force: true });
});

const open = () => openDatabase({ databaseUrl: null, directory });

describe('the embedded database', () => {
  it('keeps its data from one opening to the next', { timeout: 60_000 }, async () => {
    const first = await open();
    await first.prisma.client.create({ data: { id: 'cli_1', name: 'First', createdAt: new Date() } });
    await first.close();
    const second = await open();
    expect(await second.prisma.client.findMany({ select: { name: true } })).toEqual([{ name: 'First' }]);
    await second.close();
  });

  it('refuses a damaged directory with a message, and leaves it as it is', { timeout: 60_000 }, async () => {
    await (await open()).close();
    const whole = `${directory}.whole`;
    await cp(directory, whole, { recursive: true });
    const damages: Array<() => Promise<void>> = [
      () => truncate(join(directory, 'global', 'pg_control'), 0),
      () => rm(join(directory, 'PG_VERSION')),
      () => writeFile(join(directory, 'PG_VERSION'), '12\n'),
      () => writeFile(join(directory, 'global', 'pg_control'), Buffer.alloc(8192, 1)),
    ];
    for (const damage of damages) {
      await damage();
      const before = await readdir(directory);
      await expect(open()).rejects.toThrow(/DATA_DIR: the embedded database in .* is damaged/);
      expect(await readdir(directory)).toEqual(before);
      await rm(directory, { recursive: true });
      await cp(whole, directory, { recursive: true });
    }
    await (await open()).close();
  });
});
