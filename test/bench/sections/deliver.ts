import { type BareSender, createBareSender, inLanes, type Message } from '../bare-sender.ts';
import { type DeliveryPeer, openDeliveryPeers } from '../delivery-peers.ts';
import { type DeliveryWorld, openDeliveryWorld, synchronizedEvent } from '../delivery-world.ts';
import type { ReceiverCounts } from '../helpers/receiver.ts';
import type { Bench, Comparison, Contestant, Helper, Section } from '../section.ts';

export const section: Section = {
  about:
    'Committed events become signed POSTs with their results recorded, to one endpoint; retries, guard, fairness, attempts on.',
  async open(bench) {
    const receiver = await bench.startHelper('receiver');
    const world = await openDeliveryWorld(bench);
    const sender = createBareSender(receiver.ready.url ?? '');
    bench.onClose(sender.close);
    const peers = await openDeliveryPeers(bench);
    return [
      compareBodies({ bench, world, receiver, sender, peers, kib: 2 }),
      compareBodies({ bench, world, receiver, sender, peers: [], kib: 20 }),
    ];
  },
};

interface Given {
  bench: Bench;
  world: DeliveryWorld;
  receiver: Helper;
  sender: BareSender;
  peers: DeliveryPeer[];
  kib: number;
}

interface Work {
  receiver: Helper;
  sender: BareSender;
  count: number;
  bodyBytes: number;
}

const toReach = new Map([
  ['graphile-worker', 1.2],
  ['bullmq', 1.4],
  ['pg-boss', 1.8],
  ['Agenda', 12],
]);

function compareBodies({ bench, world, receiver, sender, peers, kib }: Given): Comparison {
  const work = { receiver, sender, count: bench.quick ? 4_000 : kib > 2 ? 6_000 : 20_000, bodyBytes: kib * 1024 };
  return {
    name: `bodies of ${kib} KiB`,
    figures: { rate: 'deliveries/s', cpu: 'µs of this process per delivery' },
    contestants: [bareSender(work), tidewater(world, work), ...peers.map((peer) => queue(peer, work))],
    targets: [
      { figure: 'rate', ours: 'tidewater', against: 'bare sender', atLeast: 0.4 },
      ...peers.map(({ name }) => ({
        figure: 'rate',
        ours: 'tidewater',
        against: name,
        atLeast: toReach.get(name) ?? 1,
      })),
    ],
  };
}

/** One dispatcher over all rounds, as the sender and the queues are: it lives for days, and is not to be compiled anew in each. */
function tidewater(world: DeliveryWorld, work: Work): Contestant {
  const dispatcher = world.createDispatcher();
  return {
    name: 'tidewater',
    async measure() {
      const clientId = await world.addClient();
      await world.endpoints.create(clientId, { url: `${work.receiver.ready.url}/webhook` });
      await world.commit(work.count, (index) =>
        synchronizedEvent(clientId, { bodyBytes: work.bodyBytes, login: `${clientId}${index}` }),
      );
      const deliveredBefore = await world.countDelivered();
      const figures = await measureSending(work, async () => {
        dispatcher.start();
        await world.allRecorded();
      });
      await dispatcher.stop();
      const delivered = (await world.countDelivered()) - deliveredBefore;
      if (delivered !== work.count) throw new Error(`${delivered} of ${work.count} are recorded as delivered.`);
      return figures;
    },
  };
}

function bareSender(work: Work): Contestant {
  const messages = toMessages(work);
  return {
    name: 'bare sender',
    measure: () => measureSending(work, async () => await inLanes(messages, 50, work.sender.send)),
  };
}

/** The clock starts with the first request: what a queue needs to start is not held against it. */
function queue(peer: DeliveryPeer, given: Work): Contestant {
  const work = { ...given, count: Math.ceil(given.count * peer.share) };
  const messages = toMessages(work);
  return {
    name: peer.name,
    async measure() {
      await peer.enqueue(messages);
      return await measureSending(work, async (begin) => {
        let isFirst = true;
        await peer.drain(work.count, async (message) => {
          if (isFirst) begin();
          isFirst = false;
          await work.sender.send(message);
        });
      });
    },
  };
}

function toMessages({ count, bodyBytes }: Work): Message[] {
  const { data, occurredAt } = synchronizedEvent('cli_bench', { bodyBytes, login: 'bare' });
  return Array.from({ length: count }, (_, index) => ({
    id: `evt_${index}`,
    type: 'bank_login.synchronized',
    timestamp: occurredAt,
    data,
  }));
}

async function measureSending(
  { receiver, count }: Work,
  send: (begin: () => void) => Promise<void>,
): Promise<Record<string, number>> {
  await receiver.ask('reset');
  // What preparing has left over is not the sending's to clear away.
  globalThis.gc?.();
  let cpuBefore = process.cpuUsage();
  let beganMs = performance.now();
  await send(() => {
    cpuBefore = process.cpuUsage();
    beganMs = performance.now();
  });
  const seconds = (performance.now() - beganMs) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const { requests } = await receiver.ask<ReceiverCounts>('counts');
  if (requests !== count) throw new Error(`The receiver had ${requests} requests, not ${count}.`);
  return { rate: count / seconds, cpu: (cpu.user + cpu.system) / count };
}
