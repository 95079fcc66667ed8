import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createEventLog } from '../../../src/events/event-log.ts';
import { createLocalEventSignal } from '../../../src/events/event-signal.ts';
import { openDatabase } from '../../../src/storage/database.ts';
import { fanOutSql } from '../../../src/webhooks/fan-out.ts';
import { serveHelper } from '../helper-process.ts';
import { openBareServer, openProductServer } from '../subscription-servers.ts';

/** A server of subscriptions in a process of its own, whose memory and CPU time are looked at from outside. */
export interface IdleServerOptions {
  kind: 'tidewater' | 'bare';
  databaseUrl: string | null;
  clientId: string;
}

/** Answered in bytes of the resident set, after garbage has been collected, or in microseconds since the start. */
export type IdleServerQuestion = 'memory' | 'cpu';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

await serveHelper<IdleServerOptions>(async ({ kind, databaseUrl, clientId }) => {
  const server = kind === 'bare' ? await openBareServer() : await openProduct(databaseUrl, clientId);
  return {
    ready: { port: String(server.port) },
    async answer(question) {
      if ((question as IdleServerQuestion) === 'cpu') {
        const { user, system } = process.cpuUsage();
        return user + system;
      }
      for (let i = 0; i < 3; i++) {
        collectGarbage();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return process.memoryUsage.rss();
    },
  };
});

async function openProduct(databaseUrl: string | null, clientId: string) {
  const database = await openDatabase({ databaseUrl, directory: null });
  const eventLog = createEventLog({ database, signal: createLocalEventSignal(), fanOutSql });
  return await openProductServer(eventLog, clientId);
}
