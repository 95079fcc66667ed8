import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../support/eventually.ts';
import { openDeliveryWorld, synchronizedEvent } from '../delivery-world.ts';
import type { Arrival, ReceiverCounts } from '../helpers/receiver.ts';
import { percentile } from '../rounds.ts';
import type { Contestant, Section } from '../section.ts';

const goodCount = 99;
const burstEveryMs = 50;

export const section: Section = {
  about: 'What 99 endpoints notice of one beside them that never answers: from the commit to the first byte.',
  async open(bench) {
    const burstCount = bench.quick ? 20 : 60;
    const receiver = await bench.startHelper('receiver', { keepsTimes: true });
    const world = await openDeliveryWorld(bench);

    const contestant = (name: string, lastPath: string): Contestant => ({
      name,
      async measure() {
        const clientIds: string[] = [];
        for (let index = 0; index <= goodCount; index++) {
          const clientId = await world.addClient();
          const path = index < goodCount ? '/good' : lastPath;
          await world.endpoints.create(clientId, { url: `${receiver.ready.url}${path}` });
          clientIds.push(clientId);
        }
        await receiver.ask('reset');
        const dispatcher = world.createDispatcher();
        dispatcher.start();
        const committed = new Map<string, bigint>();
        for (let burst = 0; burst < burstCount; burst++) {
          const ids = await world.eventLog.commit(async (_tx, append) =>
            clientIds.map((id) => append(synchronizedEvent(id, { bodyBytes: 2048, login: `${id}${burst}` }))),
          );
          const now = process.hrtime.bigint();
          for (const id of ids) committed.set(id, now);
          await delay(burstEveryMs);
        }
        const expected = goodCount * burstCount;
        const otherCount = lastPath === '/hang' ? 0 : burstCount;
        await eventually(
          async () => {
            const { requests, hanging } = await receiver.ask<ReceiverCounts>('counts');
            return requests - hanging >= expected + otherCount;
          },
          { limitMs: 60_000, what: 'all requests to good endpoints' },
        );
        const arrivals = (await receiver.ask<Arrival[]>('arrivals')).filter(({ path }) => path === '/good');
        if (arrivals.length !== expected) throw new Error(`${arrivals.length} requests came, not ${expected}.`);
        const stopped = dispatcher.stop();
        await receiver.ask('hangUp');
        await stopped;
        await world.removeClients(clientIds);
        const times = arrivals.map(
          ({ webhookId, firstByteNs }) => Number(firstByteNs - (committed.get(webhookId) ?? 0n)) / 1e6,
        );
        return { p50: percentile(times, 0.5), p95: percentile(times, 0.95) };
      },
    });

    const without = contestant('without it', '/other');
    const beside = contestant('beside one that hangs', '/hang');
    return [
      {
        name: 'commit to first byte',
        figures: { p50: 'ms', p95: 'ms' },
        contestants: [without, beside],
        targets: [
          { figure: 'p50', ours: beside.name, against: without.name, atMost: 1.1 },
          { figure: 'p95', ours: beside.name, against: without.name },
        ],
      },
    ];
  },
};
