import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MongoClient } from 'mongodb';
import { findFreePort } from './free-port.ts';
import { type GuardedProcess, startGuarded } from './guarded-process.ts';
import { findProgram, leaveOut } from './programs.ts';

const run = promisify(execFile);
const javaDirectory = fileURLToPath(new URL('./mongo-java-server', import.meta.url));
const jarsDirectory = join(javaDirectory, 'target', 'lib');
const startLimitMs = 60_000;
const fetchLimitMs = 300_000;

export interface MongoTestServer {
  /** Without a database name: each test takes one of its own. */
  url: string;
  /** Which kind of server it is, for messages. */
  kind: 'MONGODB_URL' | 'mongod' | 'mongo-java-server';
  /** Down and up again at the same URL; null where the server is not ours. Data stay only with `keepsData`. */
  restart: (() => Promise<void>) | null;
  stop(): Promise<void>;
}

/**
 * A MongoDB server: the one at MONGODB_URL, else a `mongod` of the PATH, else mongo-java-server where Java and Maven are.
 * Null where there is none (an error in CI).
 */
export async function startMongoServer({ keepsData = false } = {}): Promise<MongoTestServer | null> {
  const url = process.env.MONGODB_URL;
  if (url) return { url, kind: 'MONGODB_URL', restart: null, stop: async () => {} };
  const mongod = findProgram('mongod');
  if (mongod) {
    const toArguments = (port: number, directory: string) => [
      ...['--port', String(port)],
      ...['--dbpath', directory],
      ...['--bind_ip', '127.0.0.1'],
    ];
    return await startServer({ kind: 'mongod', command: mongod, toArguments, keepsData });
  }
  const java = findProgram('java');
  if (java && findProgram('javac') && findProgram('mvn')) {
    await fetchJars();
    const toArguments = (port: number, directory: string) => [
      ...['-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', join(jarsDirectory, '*')],
      ...[join(javaDirectory, 'MongoJavaServer.java'), String(port)],
      ...(keepsData ? [join(directory, 'store')] : []),
    ];
    return await startServer({ kind: 'mongo-java-server', command: java, toArguments, keepsData });
  }
  return leaveOut(
    'MongoDB',
    'Set MONGODB_URL, or install mongod, or a Java development kit and Maven for a server that speaks as MongoDB does.',
  );
}

async function startServer(options: {
  kind: 'mongod' | 'mongo-java-server';
  command: string;
  toArguments: (port: number, directory: string) => string[];
  keepsData: boolean;
}): Promise<MongoTestServer> {
  const port = await findFreePort();
  const url = `mongodb://127.0.0.1:${port}`;
  const directory = await mkdtemp(join(tmpdir(), `tidewater-${options.kind}-`));
  const start = async (): Promise<GuardedProcess> => {
    await mkdir(directory, { recursive: true });
    const server = startGuarded({
      command: options.command,
      arguments: options.toArguments(port, directory),
      directory,
    });
    await waitUntilReady(server, url);
    return server;
  };
  let server = await start();
  return {
    url,
    kind: options.kind,
    async restart() {
      await server.stop({ keepDirectory: options.keepsData });
      server = await start();
    },
    stop: async () => await server.stop(),
  };
}

async function waitUntilReady(server: GuardedProcess, url: string): Promise<void> {
  const end = Date.now() + startLimitMs;
  while (true) {
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 500 });
    try {
      await client.connect();
      return;
    } catch (cause) {
      if (Date.now() > end || /\b(Exception|error:)/.test(server.output())) {
        await server.stop();
        throw new Error(`The MongoDB test server did not start:\n${server.output()}`, { cause });
      }
    } finally {
      await client.close();
    }
  }
}

/** Fetches the jars once for each version of the pom, from Maven's own cache where it has them. */
async function fetchJars(): Promise<void> {
  const pom = await readFile(join(javaDirectory, 'pom.xml'));
  const mark = join(jarsDirectory, `.complete-${createHash('sha256').update(pom).digest('hex').slice(0, 16)}`);
  if (await exists(mark)) return;
  await mkdir(jarsDirectory, { recursive: true });
  const unlock = await lock(join(javaDirectory, 'target', '.lock'), async () => await exists(mark));
  if (!unlock) return;
  try {
    const copy = ['-B', '-q', '-f', javaDirectory, 'dependency:copy-dependencies'];
    await run('mvn', ['-o', ...copy]).catch(async () => await run('mvn', copy));
    await writeFile(mark, '');
  } finally {
    await unlock();
  }
}

/** The lock's release, or null as soon as another process has done the work. A lock whose holder is dead is void. */
async function lock(file: string, isDone: () => Promise<boolean>): Promise<(() => Promise<void>) | null> {
  const end = Date.now() + fetchLimitMs;
  while (Date.now() < end) {
    if (await isDone()) return null;
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      return async () => await rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(await readFile(file, 'utf8').catch(() => ''));
    if (holder && !isAlive(holder)) await rm(file, { force: true });
    await delay(200);
  }
  throw new Error(`${file} is held by another process for too long.`);
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
