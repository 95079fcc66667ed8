import { PostgresNotificationChannel } from '@agendajs/postgres-backend';
import { type BaseNotificationChannel, InMemoryNotificationChannel } from 'agenda';
import type { Db } from 'mongodb';
import type pg from 'pg';

/** Told of what goes wrong with a channel; it mends itself, and until then new jobs are found by polling. */
export type OnChannelError = (error: Error) => void;

// Agenda counts its attempts from one again with each: what it takes for the first delay is every delay.
const reconnect = { enabled: true, initialDelayMs: 1_000 };

/** Between processes on PostgreSQL: LISTEN, on a connection of its own out of the pool. */
export function createPostgresChannel(pool: pg.Pool, onError: OnChannelError): BaseNotificationChannel {
  return guarded(new PostgresNotificationChannel({ pool, reconnect }), onError);
}

/** Within one process. */
export function createLocalChannel(onError: OnChannelError): BaseNotificationChannel {
  return guarded(new InMemoryNotificationChannel(), onError);
}

/** Between processes on MongoDB: a change stream where the server has them, else the others poll. */
export async function createMongoChannel(db: Db, onError: OnChannelError): Promise<BaseNotificationChannel> {
  if (!(await hasChangeStreams(db))) return createLocalChannel(onError);
  const { MongoChangeStreamNotificationChannel } = await import('@agendajs/mongo-backend');
  const channel = guarded(new MongoChangeStreamNotificationChannel({ db, reconnect }), onError);
  // It would go on where it was: before the collection was dropped, say, and so end again and again. What it missed is polled.
  channel.on('stateChange', (state) => {
    if (state === 'reconnecting') Reflect.set(channel, 'resumeToken', undefined);
  });
  return channel;
}

// Replica sets and sharded clusters have them, unless they are switched off or forbidden: only trying tells.
async function hasChangeStreams(db: Db): Promise<boolean> {
  const stream = db.collection('agendaJobs').watch([], { maxAwaitTimeMS: 1 });
  try {
    await stream.tryNext();
    return true;
  } catch {
    return false;
  } finally {
    await stream.close().catch(() => {});
  }
}

// Agenda listens to no 'error' of its channels, and one without a listener ends the process.
function guarded<T extends BaseNotificationChannel>(channel: T, onError: OnChannelError): T {
  channel.on('error', onError);
  return channel;
}
