import { pino } from 'pino';
import { createEventLog } from '../../src/events/event-log.ts';
import { openPostgresEventSignal } from '../../src/events/event-signal.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { createEncryption, singleKey } from '../../src/storage/encryption.ts';
import { createDispatcher } from '../../src/webhooks/dispatcher.ts';
import { fanOutSql } from '../../src/webhooks/fan-out.ts';

// A dispatcher in a process of its own, to be killed. It says 'ready', starts at the first message and takes every message, an
// ISO time, as the time that it is.
const { DATABASE_URL = '', ENCRYPTION_KEY = '' } = process.env;
const database = await openDatabase({ databaseUrl: DATABASE_URL, directory: null, poolSize: 4 });
const onError = (error: Error): void => console.error(error);
const signal = await openPostgresEventSignal({ ...database, connectionString: DATABASE_URL, onError });
let now = new Date(0);
const dispatcher = createDispatcher({
  database,
  signal,
  clock: { now: () => now },
  encryption: createEncryption(singleKey(Buffer.from(ENCRYPTION_KEY, 'base64'))),
  eventLog: createEventLog({ database, signal, fanOutSql }),
  documents: { validate: () => [], run: async () => ({ data: {} }) },
  publicUrl: () => 'https://tidewater.test',
  allowedNetworks: ['127.0.0.0/8'],
  log: pino({ level: 'error' }),
  attemptTimeoutMs: 2_000,
});
let isStarted = false;
process.on('message', (time: string) => {
  now = new Date(time);
  if (!isStarted) dispatcher.start();
  isStarted = true;
});
process.send?.('ready');
