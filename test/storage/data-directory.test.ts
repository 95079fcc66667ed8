import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StartupError } from '../../src/domain/errors.ts';
import { openDataDirectory } from '../../src/storage/data-directory.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tidewater-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('the data directory', () => {
  it('belongs to one process: a second is told who has it', async () => {
    const held = await openDataDirectory(directory);
    await expect(openDataDirectory(directory)).rejects.toThrow(`in use by process ${process.pid}`);
    await held.release();
    await (await openDataDirectory(directory)).release();
  });

  it('is taken over from a process that was killed', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const lock = join(directory, 'lock');
    await writeFile(lock, JSON.stringify({ pid: child.pid, started: null }));
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await openDataDirectory(directory)).release();
  });

  it('is taken over when the process id now belongs to another process', async () => {
    await writeFile(join(directory, 'lock'), JSON.stringify({ pid: process.pid, started: 'long ago' }));
    await (await openDataDirectory(directory)).release();
  });

  it('keeps a generated text, readable by its owner alone', async () => {
    const held = await openDataDirectory(directory);
    expect(await held.keep('api-key', () => 'first')).toEqual({ value: 'first', made: true });
    expect(await held.keep('api-key', () => 'second')).toEqual({ value: 'first', made: false });
    expect(await readFile(join(directory, 'api-key'), 'utf8')).toBe('first\n');
    expect((await stat(join(directory, 'api-key'))).mode & 0o077).toBe(0);
    await held.release();
  });

  it('says so when it cannot be a directory', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    await expect(openDataDirectory(file)).rejects.toThrow(StartupError);
  });
});
