import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { findFreePort } from './free-port.ts';
import { type GuardedProcess, startGuarded } from './guarded-process.ts';
import { findProgram, leaveOut } from './programs.ts';

const run = promisify(execFile);
const startLimitMs = 30_000;

export interface PostgresServer {
  /** The database `postgres` of the server. */
  url: string;
  /** A new, empty database; resolves to its URL. */
  createDatabase(name?: string): Promise<string>;
  version(): Promise<string>;
  /** Stops the server as an operator would and starts it again: same URL, same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A PostgreSQL server of the caller's own on loopback, in a temporary directory. Null where PostgreSQL is not installed
 * (an error in CI). With `durable` it syncs to disk as in production: for measurements. `settings`: name=value.
 */
export async function startPostgresServer({
  durable = false,
  settings = [] as readonly string[],
} = {}): Promise<PostgresServer | null> {
  const programs = await findPostgresPrograms();
  if (!programs) return leaveOut('PostgreSQL', 'Install its server (Debian: apt-get install postgresql).');
  const user = await findServerUser();
  const directory = await mkdtemp(join(tmpdir(), 'tidewater-postgres-'));
  if (user) await chown(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  const sync = durable ? [] : ['--no-sync'];
  await run(programs.initdb, ['-D', data, '-U', 'postgres', '--auth=trust', '-E', 'UTF8', '--locale=C', ...sync], {
    cwd: directory,
    ...(user ?? {}),
  });

  const start = async (port: number): Promise<GuardedProcess> => {
    const server = startGuarded({
      command: programs.postgres,
      arguments: ['-D', data, ...toSettings(port, durable), ...settings.flatMap((setting) => ['-c', setting])],
      directory,
      endSignal: 'INT',
      user,
    });
    await waitUntilReady(server, toUrl(port));
    return server;
  };
  let port = await findFreePort();
  let server = await start(port).catch(async () => {
    // Another process may have taken the port in between.
    port = await findFreePort();
    return await start(port);
  });
  const url = toUrl(port);
  return {
    url,
    createDatabase: async (name) => await createPostgresDatabase(url, name),
    version: async () => /\d+(\.\d+)*/.exec((await run(programs.postgres, ['--version'])).stdout)?.[0] ?? '',
    async restart() {
      await server.stop({ keepDirectory: true });
      server = await start(port);
    },
    stop: async () => await server.stop(),
  };
}

/** A new, empty database on the server at this URL, which may be the shared one of the test run. */
export async function createPostgresDatabase(
  serverUrl: string,
  name = `test_${randomBytes(6).toString('hex')}`,
): Promise<string> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function findPostgresPrograms(): Promise<{ postgres: string; initdb: string } | null> {
  const root = '/usr/lib/postgresql';
  const versions = await readdir(root).catch(() => []);
  const folders = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(root, version, 'bin'));
  const initdb = findProgram('initdb', folders);
  const postgres = initdb && findProgram('postgres', [dirname(initdb), ...folders]);
  return postgres ? { postgres, initdb } : null;
}

/** PostgreSQL refuses to run as root: there it runs as its own user, or as nobody. */
async function findServerUser(): Promise<{ uid: number; gid: number } | null> {
  if (process.getuid?.() !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
    } catch {
      // No user of this name here.
    }
  }
  throw new Error('PostgreSQL does not run as root, and neither user postgres nor user nobody is known here.');
}

function toUrl(port: number): string {
  return `postgresql://postgres@127.0.0.1:${port}/postgres`;
}

function toSettings(port: number, durable: boolean): string[] {
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    'timezone=UTC',
    ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ];
  return settings.flatMap((setting) => ['-c', setting]);
}

async function waitUntilReady(server: GuardedProcess, url: string): Promise<void> {
  const end = Date.now() + startLimitMs;
  while (true) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      return;
    } catch (cause) {
      if (server.hasExited() || /FATAL|PANIC/.test(withoutStartingUp(server.output())) || Date.now() > end) {
        await server.stop({ keepDirectory: true });
        throw new Error(`PostgreSQL did not start:\n${server.output()}`, { cause });
      }
      await delay(50);
    } finally {
      await client.end().catch(() => {});
    }
  }
}

/** A connection that comes too early is refused with a FATAL line that tells of no fault. */
function withoutStartingUp(output: string): string {
  return output.replaceAll(/FATAL: {2}the database system is (starting up|not yet accepting connections)/g, '');
}
