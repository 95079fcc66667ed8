import { type BareSender, createBareSender, inLanes, type Message } from '../bare-sender.ts';
import { startDeliveryPeers } from '../delivery-peers.ts';
import { type DeliveryWorld, openDeliveryWorld, synchronizedEvent } from '../delivery-world.ts';
import type { AwaitRequests, ReceiverCounts } from '../helpers/receiver.ts';
import type { Bench, Comparison, Contestant, Helper, Section } from '../section.ts';
import { afterWarmUp, timeSending, warmUpOf } from '../sending.ts';

export const section: Section = {
  about:
    'Committed events become signed POSTs with their results recorded, to one endpoint; retries, guard, fairness, attempts on.',
  async open(bench) {
    const receiver = await bench.startHelper('receiver');
    const world = await openDeliveryWorld(bench);
    const sender = createBareSender(receiver.ready.url ?? '');
    bench.onClose(sender.close);
    return [
      await comparePeers(bench, { world, receiver, sender, count: bench.quick ? 4_000 : 20_000, bodyBytes: 2_048 }),
      compareLargeBodies({ world, receiver, sender, count: bench.quick ? 4_000 : 6_000, bodyBytes: 20_480 }),
    ];
  },
};

interface Work {
  world: DeliveryWorld;
  receiver: Helper;
  sender: BareSender;
  count: number;
  bodyBytes: number;
}

const figures = { rate: 'deliveries/s', cpu: 'µs of the process per delivery' };
const againstSender = { figure: 'rate', ours: 'tidewater', against: 'bare sender', atLeast: 0.4 };

/** The sender delivers in the dispatcher's process, each queue in one of its own: none has to live with what another made of the compiler. */
async function comparePeers(bench: Bench, work: Work): Promise<Comparison> {
  const { receiver, count } = work;
  const peers = await startDeliveryPeers(bench, { count, url: receiver.ready.url ?? '', message: toMessage(work) });
  return {
    name: 'bodies of 2 KiB',
    figures,
    // So many processes on few processors get in each other's way: one round says little.
    ...(!bench.quick && { rounds: 9 }),
    contestants: [
      bareSender(work),
      tidewater(work),
      ...peers.map((peer) => ({ name: peer.name, measure: () => countedBy(receiver, peer.count, peer.measure) })),
    ],
    targets: [
      againstSender,
      ...peers.map(({ name, atLeast }) => ({
        figure: 'rate',
        ours: 'tidewater',
        against: name,
        ...(atLeast && { atLeast }),
      })),
    ],
  };
}

function compareLargeBodies(work: Work): Comparison {
  return {
    name: 'bodies of 20 KiB',
    figures,
    contestants: [bareSender(work), tidewater(work)],
    targets: [againstSender],
  };
}

/** One dispatcher over all rounds, as the sender and the queues are: it lives for days. The client and its endpoint are new in each. */
function tidewater({ world, receiver, count, bodyBytes }: Work): Contestant {
  const dispatcher = world.createDispatcher();
  return {
    name: 'tidewater',
    async measure() {
      const clientId = await world.addClient();
      await world.endpoints.create(clientId, { url: `${receiver.ready.url}/webhook` });
      await world.commit(count, (index) => synchronizedEvent(clientId, { bodyBytes, login: `${clientId}${index}` }));
      const deliveredBefore = await world.countDelivered();
      const figures = await countedBy(receiver, count, () =>
        timeSending(count, async (begin) => {
          dispatcher.start();
          await hasCome(receiver, warmUpOf(count) + 1);
          begin();
          await hasCome(receiver, count);
          // Waits for the recording of the last of them.
          await dispatcher.stop();
        }),
      );
      const delivered = (await world.countDelivered()) - deliveredBefore;
      if (delivered !== count) throw new Error(`${delivered} of ${count} are recorded as delivered.`);
      return figures;
    },
  };
}

async function hasCome(receiver: Helper, untilRequests: number): Promise<void> {
  const question: AwaitRequests = { untilRequests };
  await receiver.ask(question);
}

function bareSender({ receiver, sender, ...work }: Work): Contestant {
  const { count } = work;
  const messages = Array.from({ length: count }, (_, index) => ({ id: `evt_${index}`, ...toMessage(work) }));
  return {
    name: 'bare sender',
    measure: () =>
      countedBy(receiver, count, () =>
        timeSending(count, (begin) => inLanes(messages, 50, afterWarmUp(count, { send: sender.send, begin }))),
      ),
  };
}

function toMessage({ bodyBytes }: Pick<Work, 'bodyBytes'>): Omit<Message, 'id'> {
  const { data, occurredAt } = synchronizedEvent('cli_bench', { bodyBytes, login: 'bare' });
  return { type: 'bank_login.synchronized', timestamp: occurredAt, data };
}

/** Makes sure that the receiver had as many requests. */
async function countedBy<T>(receiver: Helper, count: number, send: () => Promise<T>): Promise<T> {
  await receiver.ask('reset');
  const result = await send();
  const { requests } = await receiver.ask<ReceiverCounts>('counts');
  if (requests !== count) throw new Error(`The receiver had ${requests} requests, not ${count}.`);
  return result;
}
