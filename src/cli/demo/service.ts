import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';

/** The Tidewater that the demo talks to: the one that runs already, or one that it starts and stops. */
export interface Service {
  url: string;
  apiKey: string;
  started: boolean;
  stop(): Promise<void>;
}

const startLimitMs = 60_000;

export async function findOrStartService(environment: NodeJS.ProcessEnv): Promise<Service> {
  const url = environment.PUBLIC_URL ?? `http://${environment.HOST ?? '127.0.0.1'}:${environment.PORT ?? 4000}`;
  const child = (await isReady(url)) ? null : await start(url, environment);
  return {
    url,
    apiKey: await findApiKey(environment),
    started: child !== null,
    stop: async () => {
      if (!child || child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await request(`${url}/health/ready`);
    await response.body.dump();
    return response.statusCode === 200;
  } catch {
    return false;
  }
}

async function start(url: string, environment: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const main = fileURLToPath(new URL('../../main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', main], {
    env: { ...environment, LOG_LEVEL: environment.LOG_LEVEL ?? 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout?.resume();
  const deadline = Date.now() + startLimitMs;
  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error('Tidewater could not be started; its message stands above.');
    if (Date.now() > deadline) throw new Error(`Tidewater did not become ready at ${url} within a minute.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return child;
}

async function findApiKey(environment: NodeJS.ProcessEnv): Promise<string> {
  const given = environment.API_KEY ?? environment.BOOTSTRAP_API_KEY;
  if (given) return given;
  const file = join(environment.DATA_DIR ?? '.data', 'api-key');
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (kept.trim()) return kept.trim();
  throw new Error(`No API key: give it as API_KEY (none was found in ${file}).`);
}
