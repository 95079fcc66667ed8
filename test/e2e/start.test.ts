import { existsSync } from 'node:fs';
import { cp, truncate } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createApiClient } from '../../src/cli/demo/api-client.ts';
import { runTidewater, spawnTidewater, temporaryDirectory, testApiKey } from '../support/spawn-tidewater.ts';
import { temporaryDataDirectory } from '../support/test-database.ts';

const limit = { timeout: 120_000 };

async function takePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('the first start', () => {
  it('prints the addresses, a first key and a next step; the second keeps all and prints no key', limit, async () => {
    const DATA_DIR = await temporaryDirectory();
    const first = await spawnTidewater({ DATA_DIR, BOOTSTRAP_API_KEY: '' }, 'sources');
    const key = /tdw_[\w-]{43}/.exec(first.output())?.[0] ?? '';
    expect(first.output()).toContain('Sandbox bank');
    expect(first.output()).toContain('npm run demo');
    const ask = async (url: string) => {
      const api = createApiClient(url, key);
      onTestFinished(async () => await api.close());
      return await api.run<{ viewer: { id: string } }>('{ viewer { id } }');
    };
    const { viewer } = await ask(first.url);
    expect(await first.stop()).toBe(0);

    const second = await spawnTidewater({ DATA_DIR, BOOTSTRAP_API_KEY: '' }, 'sources');
    expect(second.output()).not.toContain(key);
    expect((await ask(second.url)).viewer).toEqual(viewer);
    expect(await second.stop()).toBe(0);
  });
});

describe('a start that cannot succeed says why and ends with exit code 1', () => {
  it('on bad settings, all of them at once', limit, async () => {
    const { exitCode, output } = await runTidewater({
      PORT: 'http',
      SYNC_LANES: 'many',
      DATA_DIR: await temporaryDirectory(),
    });
    expect(exitCode).toBe(1);
    expect(output).toMatch(/PORT: .*\n.*SYNC_LANES: /);
    expect(output).not.toMatch(/\n\s+at /);
  });

  it('on a taken port, ours or the sandbox bank’s', limit, async () => {
    const port = String(await takePort());
    const DATA_DIR = await temporaryDataDirectory();
    for (const name of ['PORT', 'SANDBOX_BANK_PORT']) {
      const { exitCode, output } = await runTidewater({ DATA_DIR, [name]: port });
      expect(exitCode).toBe(1);
      expect(output).toMatch(new RegExp(`${name}: port ${port} on 127.0.0.1 is taken`));
    }
    // What was kept is usable still.
    expect(await (await spawnTidewater({ DATA_DIR })).stop()).toBe(0);
  });

  it('on a database or a job store that cannot be reached', limit, async () => {
    const settings = { ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'), DATA_DIR: await temporaryDataDirectory() };
    const database = await runTidewater({ ...settings, DATABASE_URL: 'postgresql://me:hidden@127.0.0.1:1/none' });
    expect(database).toMatchObject({ exitCode: 1, output: expect.stringContaining('DATABASE_URL: cannot reach') });
    const jobs = await runTidewater({ ...settings, MONGODB_URL: 'mongodb://me:hidden@127.0.0.1:1/none' });
    expect(jobs).toMatchObject({ exitCode: 1, output: expect.stringContaining('MONGODB_URL: cannot reach') });
    expect(database.output + jobs.output).not.toContain('hidden');
  });

  it('on a damaged DATA_DIR, of which nothing is lost', limit, async () => {
    const DATA_DIR = await temporaryDataDirectory();
    expect(await (await spawnTidewater({ DATA_DIR })).stop()).toBe(0);
    const control = join(DATA_DIR, 'database', 'global', 'pg_control');
    await cp(control, `${control}.kept`);
    await truncate(control, 0);
    const { exitCode, output } = await runTidewater({ DATA_DIR });
    expect({ exitCode, output }).toMatchObject({ exitCode: 1, output: expect.stringContaining('is damaged') });
    await cp(`${control}.kept`, control);
    expect(await (await spawnTidewater({ DATA_DIR })).stop()).toBe(0);
  });

  it('on a DATA_DIR that another process is using', limit, async () => {
    const DATA_DIR = await temporaryDataDirectory();
    const first = await spawnTidewater({ DATA_DIR });
    const { exitCode, output } = await runTidewater({ DATA_DIR });
    expect({ exitCode, output }).toMatchObject({
      exitCode: 1,
      output: expect.stringMatching(/DATA_DIR: .* is in use by process \d+/),
    });
    const api = createApiClient(first.url, testApiKey);
    onTestFinished(async () => await api.close());
    expect(await api.run('{ viewer { __typename } }')).toEqual({ viewer: { __typename: 'Client' } });
    expect(await first.stop()).toBe(0);
    expect(existsSync(join(DATA_DIR, 'lock'))).toBe(false);
  });
});
