import { fork } from 'node:child_process';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import type { Helper } from './section.ts';

interface Reply {
  ready?: Record<string, string>;
  number?: number;
  answer?: unknown;
  error?: string;
}

/** Starts helpers/<name> in a process of its own; resolves when it is ready. */
export async function startHelper(name: string, options: object = {}): Promise<Helper> {
  const file = join(import.meta.dirname, 'helpers', name + extname(import.meta.filename));
  const child = fork(file, [JSON.stringify(options)], {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  let count = 0;
  const ready = new Promise<Record<string, string>>((resolve, reject) => {
    child.on('message', (reply: Reply) => {
      if (reply.ready) return resolve(reply.ready);
      const asked = waiting.get(reply.number ?? -1);
      waiting.delete(reply.number ?? -1);
      if (reply.error === undefined) asked?.resolve(reply.answer);
      else asked?.reject(new Error(`${name}: ${reply.error}`));
    });
    child.on('exit', (code) => {
      const gone = new Error(`The helper ${name} ended (${code}).`);
      reject(gone);
      for (const asked of waiting.values()) asked.reject(gone);
    });
  });
  return {
    ready: await ready,
    ask: <T>(question: unknown) =>
      new Promise<T>((resolve, reject) => {
        const number = ++count;
        waiting.set(number, { resolve: resolve as (answer: unknown) => void, reject });
        child.send({ number, question });
      }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

/** In the helper's file: `start` makes it ready and says what its user must know; `answer` answers questions. */
export async function serveHelper<Options>(
  start: (options: Options) => Promise<{ ready: Record<string, string>; answer(question: unknown): unknown }>,
): Promise<void> {
  process.on('disconnect', () => process.exit(0));
  const { ready, answer } = await start(JSON.parse(process.argv[2] ?? '{}') as Options);
  process.on('message', async ({ number, question }: { number: number; question: unknown }) => {
    try {
      process.send?.({ number, answer: await answer(question) });
    } catch (error) {
      process.send?.({ number, error: error instanceof Error ? error.message : String(error) });
    }
  });
  process.send?.({ ready });
}
