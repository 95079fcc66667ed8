import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { bundleProgram } from './bundled-program.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const startLimitMs = 60_000;

/** A Tidewater in a process of its own, as an operator runs it. */
export interface SpawnedTidewater {
  url: string;
  /** Everything that it has printed. */
  output(): string;
  /** -9: no warning, nothing written. */
  kill(): Promise<void>;
  /** As Ctrl-C does; gives the exit code. */
  stop(): Promise<number | null>;
}

export interface EndedTidewater {
  exitCode: number | null;
  output: string;
}

export const testApiKey = 'test-api-key-0123456789abcdef';

/** A new directory, removed when the test has finished. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tidewater-'));
  onTestFinished(async () => await rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Bundled, or from its sources, which takes longer and is what `npm start` does. */
type Program = 'bundle' | 'sources';

/** Resolves once it has printed its addresses. Rejects with its output when it ends instead. */
export async function spawnTidewater(
  environment: Record<string, string>,
  program: Program = 'bundle',
): Promise<SpawnedTidewater> {
  const { child, output } = await run(environment, program);
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`Not up within a minute:\n${output()}`)), startLimitMs);
    child.stdout?.on('data', () => {
      const match = /(http:\/\/\S+)\/graphql/.exec(output());
      if (!match?.[1] || !output().includes('Tidewater is running')) return;
      clearTimeout(timer);
      resolve(match[1]);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`Ended with ${code}:\n${output()}`));
    });
  });
  const ended = once(child, 'exit');
  return {
    url,
    output,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      child.kill('SIGINT');
      await ended;
      return child.exitCode;
    },
  };
}

/** For a start that is expected to fail: waits for its end. */
export async function runTidewater(environment: Record<string, string>): Promise<EndedTidewater> {
  const { child, output } = await run(environment, 'bundle');
  const timer = setTimeout(() => child.kill('SIGKILL'), startLimitMs);
  await once(child, 'exit');
  clearTimeout(timer);
  return { exitCode: child.exitCode, output: output() };
}

async function run(
  environment: Record<string, string>,
  program: Program,
): Promise<{ child: ChildProcess; output(): string }> {
  const { PATH = '', HOME = '' } = process.env;
  const command = program === 'bundle' ? [await bundleProgram(main)] : ['--import', 'tsx', main];
  const child = spawn(process.execPath, command, {
    env: {
      PATH,
      HOME,
      PORT: '0',
      SANDBOX_BANK_PORT: '0',
      BOOTSTRAP_API_KEY: testApiKey,
      LOG_LEVEL: 'warn',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { child, output: () => Buffer.concat(chunks).toString('utf8') };
}
