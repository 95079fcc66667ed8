import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { findFreePort } from '../support/free-port.ts';
import { startGuarded } from '../support/guarded-process.ts';
import { findProgram } from '../support/programs.ts';
import type { QueueOrder } from './helpers/delivery-queue.ts';
import type { Bench, Helper } from './section.ts';

/** A queue of delivery-queues.ts, which delivers in a process of its own, as it would in production. */
export interface DeliveryPeer {
  name: string;
  atLeast?: number;
  /** How many messages it delivers in a round. */
  count: number;
  /** Does one round; gives its figures. */
  measure(): Promise<Record<string, number>>;
}

interface KnownPeer {
  name: string;
  /** What it can do in about a second, next to what the others do. */
  share: number;
  /** Of our rate; without, the ratio is only shown. */
  atLeast?: number;
  openStore(bench: Bench): Promise<string | null>;
  /** What it is left out for want of. */
  needs: string;
}

const onPostgres = { openStore: (bench: Bench) => bench.createDatabase(), needs: 'a PostgreSQL server' };
const knownPeers: KnownPeer[] = [
  { name: 'graphile-worker', share: 0.7, atLeast: 1.2, ...onPostgres },
  { name: 'bullmq', share: 0.6, atLeast: 1.4, openStore: startRedis, needs: 'redis-server on the PATH' },
  { name: 'pg-boss', share: 0.5, atLeast: 1.8, ...onPostgres },
  { name: 'Agenda', share: 0.04, atLeast: 12, ...onPostgres },
  { name: 'outbox by hand', share: 1, ...onPostgres },
];

/** Those that have here what they need; of the others the report says that they are left out. */
export async function startDeliveryPeers(
  bench: Bench,
  order: Pick<QueueOrder, 'count' | 'url' | 'message'>,
): Promise<DeliveryPeer[]> {
  const peers: DeliveryPeer[] = [];
  for (const { name, share, atLeast, openStore, needs } of knownPeers) {
    const address = await openStore(bench);
    if (address === null) {
      bench.leaveOut(`${name}: it needs ${needs}`);
      continue;
    }
    const count = Math.ceil(order.count * share);
    const helper: Helper = await bench.startHelper('delivery-queue', { ...order, name, address, count });
    peers.push({ name, count, ...(atLeast && { atLeast }), measure: () => helper.ask('round') });
  }
  return peers;
}

/** The port of a Redis that syncs every write to disk, as PostgreSQL does. */
async function startRedis(bench: Bench): Promise<string | null> {
  const command = findProgram('redis-server');
  if (!command) return null;
  const port = await findFreePort();
  const directory = await mkdtemp(join(tmpdir(), 'tidewater-redis-'));
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const redis = startGuarded({
    command,
    arguments: ['--port', `${port}`, '--bind', '127.0.0.1', ...durable],
    directory,
  });
  bench.onClose(() => redis.stop());
  await eventually(() => redis.output().includes('Ready to accept connections'), { what: 'redis-server' });
  return `${port}`;
}
