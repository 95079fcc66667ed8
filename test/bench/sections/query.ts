import { apiKey, type QueryServer, queryServers, question } from '../query-servers.ts';
import type { Bench, Contestant, Section } from '../section.ts';

export const section: Section = {
  about: 'GraphQL over HTTP with a key: the product with every check, limit and metric, against servers with none.',
  async open(bench) {
    const fire = await loadGun(bench);
    const contestants: Contestant[] = [];
    for (const kind of queryServers) contestants.push(await openContestant(bench, kind, fire));
    return [
      {
        name: 'small authenticated query from memory',
        figures: { rate: 'requests/s', cpu: 'µs of the server per request', p50: 'ms', p99: 'ms' },
        contestants,
        targets: [
          { figure: 'rate', ours: 'tidewater', against: 'stock yoga', atLeast: 1.1 },
          { figure: 'rate', ours: 'tidewater', against: '@apollo/server', atLeast: 1 },
          { figure: 'rate', ours: 'tidewater', against: 'mercurius with jit' },
          { figure: 'rate', ours: 'tidewater', against: 'bare node:http' },
        ],
      },
    ];
  },
};

const connections = 20;

interface Shots {
  '2xx': number;
  non2xx: number;
  errors: number;
  /** Seconds. */
  duration: number;
  latency: { p50: number; p99: number };
}

type Fire = (url: string) => Promise<Shots>;

const request = {
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
  body: JSON.stringify(question),
};

async function loadGun(bench: Bench): Promise<Fire> {
  const { default: autocannon } = await bench.importPeer<{ default(options: object): Promise<Shots> }>('autocannon');
  const duration = bench.quick ? 1 : 2;
  return async (url) => {
    const shots = await autocannon({ url, ...request, duration, connections });
    if (shots.non2xx > 0 || shots.errors > 0) {
      throw new Error(`${url}: ${shots.non2xx} refusals and ${shots.errors} errors beside ${shots['2xx']} answers.`);
    }
    return shots;
  };
}

async function openContestant(bench: Bench, kind: QueryServer, fire: Fire): Promise<Contestant> {
  const server = await bench.startHelper('query-server', { kind });
  const url = server.ready.url ?? '';
  const answer = await (await fetch(url, request)).text();
  if (!answer.includes('"externalId":"customer-9"')) throw new Error(`${kind} answers ${answer}`);
  return {
    name: kind,
    measure: async () => {
      const before = await server.ask<number>('cpu');
      const shots = await fire(url);
      const count = shots['2xx'];
      const cpu = ((await server.ask<number>('cpu')) - before) / count;
      return { rate: count / shots.duration, cpu, p50: shots.latency.p50, p99: shots.latency.p99 };
    },
  };
}
