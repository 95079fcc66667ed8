import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, mkdir, open, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StartupError } from '../domain/errors.ts';

/** What a process keeps between starts when it runs on the embedded stores. */
export interface DataDirectory {
  readonly path: string;
  /** Where the embedded database lives. */
  readonly database: string;
  readonly sandboxBank: string;
  /** The text kept under this name; null when there is none. Throws StartupError when it cannot be read. */
  read(name: string): Promise<string | null>;
  /** The text kept under this name; made by `make` and kept, readable by the owner alone, when there is none. */
  keep(name: string, make: () => string): Promise<{ value: string; made: boolean }>;
  release(): Promise<void>;
}

/** Takes the directory for this process alone; a second process is refused with a StartupError that names the first. */
export async function openDataDirectory(directory: string): Promise<DataDirectory> {
  const path = resolve(directory);
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new StartupError(`DATA_DIR: ${path} cannot be used as a directory.`, { cause });
  });
  const lock = join(path, 'lock');
  await takeLock(lock, path);
  return {
    path,
    database: join(path, 'database'),
    sandboxBank: join(path, 'sandbox-bank.jsonl'),
    read: (name) => read(join(path, name)),
    keep: (name, make) => keep(join(path, name), make),
    release: () => rm(lock, { force: true }),
  };
}

/** 32 random bytes in base64: a new encryption key. */
export function newEncryptionKey(): string {
  return randomBytes(32).toString('base64');
}

async function read(file: string): Promise<string | null> {
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new StartupError(`DATA_DIR: cannot read ${file}: ${error.message}.`, { cause: error });
  });
  return kept?.trim() || null;
}

async function keep(file: string, make: () => string): Promise<{ value: string; made: boolean }> {
  const kept = await read(file);
  if (kept !== null) return { value: kept, made: false };
  const value = make();
  const handle = await open(file, 'w', 0o600);
  await handle.writeFile(`${value}\n`);
  await handle.sync();
  await handle.close();
  return { value, made: true };
}

async function takeLock(lock: string, path: string): Promise<void> {
  const content = JSON.stringify({ pid: process.pid, started: startOf(process.pid) });
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await createWhole(lock, content);
      return;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new StartupError(`DATA_DIR: cannot write to ${path}: ${(cause as Error).message}.`, { cause });
      }
    }
    const holder = parseHolder(await readFile(lock, 'utf8').catch(() => ''));
    if (holder && isRunning(holder)) {
      throw new StartupError(
        `DATA_DIR: ${path} is in use by process ${holder.pid}. Stop that process, or give this one a DATA_DIR of its own.`,
      );
    }
    await unlink(lock).catch(() => {});
  }
  throw new StartupError(`DATA_DIR: ${path} is being taken by another process.`);
}

// The lock appears with its content or not at all: one found empty would be taken for abandoned.
async function createWhole(file: string, content: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, content, { mode: 0o600 });
  await link(draft, file).finally(() => unlink(draft));
}

interface Holder {
  pid: number;
  started: string | null;
}

function parseHolder(text: string): Holder | null {
  try {
    const holder = JSON.parse(text) as Holder;
    return Number.isInteger(holder.pid) ? holder : null;
  } catch {
    return null;
  }
}

function isRunning(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return startOf(holder.pid) === holder.started;
}

// Process ids are used again, after a restart of a container above all; the start time tells two holders of one id apart.
function startOf(pid: number): string | null {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
