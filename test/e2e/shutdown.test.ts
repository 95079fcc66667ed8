import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, inject, it, onTestFinished } from 'vitest';
import { createClientStore } from '../../src/clients/client-store.ts';
import { createClients } from '../../src/clients/clients.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { createSandboxBank } from '../../src/sandbox-bank/sandbox-bank.ts';
import { openDatabase, Prisma } from '../../src/storage/database.ts';
import { type Child, startChild } from '../chaos/child-process.ts';
import { createFastClock, planQuietClock } from '../chaos/fast-clock.ts';
import { insertBank } from '../support/enrolled-users.ts';
import { eventually } from '../support/eventually.ts';
import { insertLoadUsers, writeLoadConsents } from '../support/load-users.ts';
import { openTestEncryption } from '../support/opened-encryption.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { temporaryDirectory, testApiKey } from '../support/spawn-tidewater.ts';

const postgresUrl = inject('postgresUrl');
const bankId = 'bank_slow';
const clock = planQuietClock(Date.now());

async function start(settings: Record<string, string>): Promise<Child<{ url: string }>> {
  const environment = { PORT: '0', BOOTSTRAP_API_KEY: testApiKey, LOG_LEVEL: 'warn', ...settings };
  const child = await startChild<{ url: string }>('tidewater-process.ts', { clock, leaseSeconds: 60 }, environment);
  onTestFinished(child.kill);
  return child;
}
const userCount = 4;

/** A bank that takes three seconds for every call, and users who have consented there. */
async function prepare() {
  const directory = await temporaryDirectory();
  const dataFile = join(directory, 'bank.jsonl');
  await writeLoadConsents(dataFile, { count: userCount, now: new Date() });
  const bank = await createSandboxBank({
    host: '127.0.0.1',
    port: 0,
    dataFile,
    clock: createFastClock(clock),
    latencyMs: 3_000,
  });
  onTestFinished(async () => await bank.close());
  const banksFile = join(directory, 'banks.json');
  await writeFile(banksFile, JSON.stringify([{ id: bankId, name: 'Slow Bank', country: 'DE', baseUrl: bank.url }]));
  const databaseUrl = await createPostgresDatabase(postgresUrl ?? '');
  const database = await openDatabase({ databaseUrl, directory: null });
  onTestFinished(async () => await database.close());
  await createClients({ clock: systemClock, store: createClientStore(database) }).bootstrap(testApiKey);
  await insertBank(database, bankId);
  const { id: clientId } = await database.prisma.client.findFirstOrThrow();
  const key = randomBytes(32);
  const encryption = await openTestEncryption(database, key);
  await insertLoadUsers({
    pool: database.pool,
    encryption,
    clientId,
    bankId,
    count: userCount,
    now: new Date(),
  });
  const settings = {
    DATABASE_URL: databaseUrl,
    ENCRYPTION_KEY: key.toString('base64'),
    SANDBOX_BANK_PORT: 'off',
    BANKS_FILE: banksFile,
  };
  return { database, settings };
}

// A lane's lease lasts a minute: another process that has its first entry before that has not waited for it.
it.skipIf(postgresUrl === null)(
  'a process that is told to stop in the middle of a slow login hands it back, and another carries on at once',
  { timeout: 240_000 },
  async () => {
    const { database, settings } = await prepare();
    const first = await start(settings);
    const running = await eventually(
      async () => await database.prisma.cycleEntry.findFirst({ where: { status: 'RUNNING' } }),
      { limitMs: 30_000 },
    );
    const second = await start(settings);
    const tokenBefore = (await database.prisma.cycleLane.findFirstOrThrow()).fencingToken;
    // A request that takes its time keeps nobody from the lane.
    const { hostname, port } = new URL(first.ready.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    socket.write('POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{');
    await eventually(() => socket.bytesWritten > 0);
    const stopping = first.stop();
    // Handed back, or taken by the other already: in no case held by the one that is going.
    const isHandedBack = async () => {
      const [lane] = await database.query<{ free: boolean; fencing_token: number }>(Prisma.sql`
        SELECT lease_until IS NULL AS free, fencing_token FROM cycle_lanes`);
      return lane?.free || (lane?.fencing_token ?? 0) > tokenBefore;
    };
    await eventually(isHandedBack, { limitMs: 10_000, what: 'the lane' });
    expect(await stopping).toBe(0);
    await eventually(async () => (await database.prisma.cycleLane.findFirstOrThrow()).fencingToken > tokenBefore, {
      limitMs: 20_000,
    });
    await eventually(
      async () => (await database.prisma.synchronizationCycle.count({ where: { status: 'COMPLETED' } })) > 0,
      { limitMs: 120_000 },
    );
    const entries = await database.prisma.cycleEntry.findMany({ where: { cycleId: running.cycleId } });
    expect(entries.map(({ status }) => status)).toEqual(Array(userCount).fill('SYNCHRONIZED'));
    const logins = await database.prisma.bankLogin.findMany({ select: { sequence: true } });
    expect(logins).toEqual(Array(userCount).fill({ sequence: 1 }));
    expect(await second.stop()).toBe(0);
  },
);
