import { serveHelper } from '../helper-process.ts';
import { openQueryServer, type QueryServer } from '../query-servers.ts';

/** A server of queries in a process of its own. Asked for anything, it tells the µs of CPU time since its start. */
await serveHelper<{ kind: QueryServer }>(async ({ kind }) => {
  const url = await openQueryServer(kind);
  return {
    ready: { url },
    answer: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
  };
});
