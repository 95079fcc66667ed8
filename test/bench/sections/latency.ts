import { setTimeout as delay } from 'node:timers/promises';
import { createBareSender } from '../bare-sender.ts';
import { openDeliveryWorld, synchronizedEvent } from '../delivery-world.ts';
import type { Arrival } from '../helpers/receiver.ts';
import { percentile } from '../rounds.ts';
import type { Contestant, Section } from '../section.ts';

/** Long enough for everything that follows from one delivery to be over before the next. */
const pauseMs = 15;

export const section: Section = {
  about: 'From the commit of an event to the first byte at the receiver, while nothing else is going on.',
  async open(bench) {
    const count = bench.quick ? 60 : 200;
    const receiver = await bench.startHelper('receiver', { keepsTimes: true });
    const origin = receiver.ready.url ?? '';

    const sender = createBareSender(origin);
    bench.onClose(sender.close);
    const event = synchronizedEvent('cli_bench', { bodyBytes: 2048, login: 'bare' });
    const message = { id: 'evt_1', type: 'bank_login.synchronized', timestamp: event.occurredAt, data: event.data };
    const bare: Contestant = {
      name: 'one bare POST and its answer',
      async measure() {
        const times: number[] = [];
        for (let index = 0; index < count; index++) {
          await delay(pauseMs);
          const begin = performance.now();
          await sender.send(message);
          times.push(performance.now() - begin);
        }
        return toFigures(times);
      },
    };

    const world = await openDeliveryWorld(bench);
    const clientId = await world.addClient();
    await world.endpoints.create(clientId, { url: `${origin}/webhook` });
    const dispatcher = world.createDispatcher();
    dispatcher.start();
    bench.onClose(() => dispatcher.stop());
    const tidewater: Contestant = {
      name: 'tidewater',
      async measure() {
        await receiver.ask('reset');
        const committed = new Map<string, bigint>();
        for (let index = 0; index < count; index++) {
          const given = synchronizedEvent(clientId, { bodyBytes: 2048, login: `${clientId}${index}` });
          const id = await world.eventLog.commit(async (_tx, append) => append(given));
          committed.set(id, process.hrtime.bigint());
          await world.allRecorded();
          await delay(pauseMs);
        }
        const arrivals = await receiver.ask<Arrival[]>('arrivals');
        if (arrivals.length !== count) throw new Error(`${arrivals.length} requests came, not ${count}.`);
        return toFigures(
          arrivals.map(({ webhookId, firstByteNs }) => Number(firstByteNs - (committed.get(webhookId) ?? 0n)) / 1e6),
        );
      },
    };

    return [
      {
        name: 'commit to first byte',
        figures: { p50: 'ms', p99: 'ms' },
        contestants: [bare, tidewater],
        targets: [
          { figure: 'p50', ours: tidewater.name, against: bare.name, atMost: 5 },
          { figure: 'p99', ours: tidewater.name, against: bare.name, atMost: 15 },
        ],
      },
    ];
  },
};

function toFigures(times: readonly number[]): Record<string, number> {
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}
