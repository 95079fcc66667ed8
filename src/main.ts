import { readFileSync } from 'node:fs';
import { type App, startApp } from './app.ts';
import { renderWelcome } from './cli/welcome.ts';
import { parseConfig } from './config/config.ts';
import { StartupError } from './domain/errors.ts';

// The edge of the process: settings in, signals in, exit codes out. Exit code 1 means that the start failed.

async function main(): Promise<void> {
  const config = parseConfig(process.env, (path) => readFileSync(path, 'utf8'));
  const app = await startApp({ config });
  stopOnSignal(app);
  process.stdout.write(renderWelcome(app));
}

function stopOnSignal(app: App): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // The second Ctrl-C of an impatient person: what is stored is safe at any moment.
      if (stopping) process.exit(1);
      stopping = true;
      app.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`Tidewater did not stop cleanly: ${String(error)}\n`);
          process.exit(1);
        },
      );
    });
  }
}

main().catch((error: unknown) => {
  const text = error instanceof StartupError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`Tidewater cannot start.\n${text}\n`);
  process.exit(1);
});
