import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { bundleProgram } from '../support/bundled-program.ts';

/** A process of this folder, which says by a message when it is ready. */
export interface Child<Ready> {
  ready: Ready;
  processId: number;
  /** The end of what it has printed. */
  output(): string;
  isRunning(): boolean;
  /** -9: no warning, nothing written. Also where it is paused. */
  kill(): Promise<void>;
  /** Stops it in the midst of whatever it does. */
  pause(): void;
  resume(): void;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

const startLimitMs = 90_000;

/** Rejects with its output when it ends instead of becoming ready. */
export async function startChild<Ready>(
  file: string,
  options: object,
  environment: Record<string, string> = {},
): Promise<Child<Ready>> {
  const { PATH = '', HOME = '' } = process.env;
  const program = await bundleProgram(join(import.meta.dirname, file));
  const child = spawn(process.execPath, [program, JSON.stringify(options)], {
    env: { PATH, HOME, ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-20_000);
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const exited = once(child, 'exit');
  const ready = await new Promise<Ready>((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), startLimitMs);
    child.once('message', (message) => {
      clearTimeout(timer);
      resolve(message as Ready);
    });
    void exited.then(() => {
      clearTimeout(timer);
      reject(new Error(`${file} did not start:\n${output}`));
    });
  });
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (isRunning(child)) child.kill(signal);
    await exited;
    return child.exitCode;
  };
  return {
    ready,
    processId: child.pid ?? 0,
    output: () => output,
    isRunning: () => isRunning(child),
    kill: async () => void (await end('SIGKILL')),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop: async () => await end('SIGTERM'),
  };
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
