import { createHmac, randomBytes } from 'node:crypto';
import { Pool } from 'undici';
import { type DeliveryWorld, openDeliveryWorld, synchronizedEvent } from '../delivery-world.ts';
import type { ReceiverCounts } from '../helpers/receiver.ts';
import type { Bench, Comparison, Contestant, Helper, Section } from '../section.ts';

export const section: Section = {
  about:
    'Committed events become signed POSTs with their results recorded, to one endpoint; retries, guard, fairness, attempts on.',
  async open(bench) {
    const receiver = await bench.startHelper('receiver');
    const world = await openDeliveryWorld(bench);
    return [
      await compareBodies(bench, { world, receiver, kib: 2 }),
      await compareBodies(bench, { world, receiver, kib: 20 }),
    ];
  },
};

interface Work {
  receiver: Helper;
  count: number;
  bodyBytes: number;
}

async function compareBodies(
  bench: Bench,
  { world, receiver, kib }: { world: DeliveryWorld; receiver: Helper; kib: number },
): Promise<Comparison> {
  const work = { receiver, count: bench.quick ? 4_000 : kib > 2 ? 8_000 : 16_000, bodyBytes: kib * 1024 };
  const sender = createBareSender(receiver.ready.url ?? '', work);
  bench.onClose(sender.close);
  const figures = { rate: 'deliveries/s', cpu: 'µs of this process per delivery' };
  return {
    name: `bodies of ${kib} KiB`,
    figures,
    contestants: [{ name: 'bare sender', measure: sender.measure }, tidewater(world, work)],
    targets: [{ figure: 'rate', ours: 'tidewater', against: 'bare sender', atLeast: 0.4 }],
  };
}

function tidewater(world: DeliveryWorld, work: Work): Contestant {
  return {
    name: 'tidewater',
    async measure() {
      const clientId = await world.addClient();
      await world.endpoints.create(clientId, { url: `${work.receiver.ready.url}/webhook` });
      const events = Array.from({ length: work.count }, (_, index) =>
        synchronizedEvent(clientId, { bodyBytes: work.bodyBytes, login: `${clientId}${index}` }),
      );
      await world.commit(events);
      const deliveredBefore = await world.countDelivered();
      const dispatcher = world.createDispatcher();
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

/** Makes body and signature and sends, as a process does that keeps nothing. */
function createBareSender(url: string, work: Work) {
  const pool = new Pool(url, { connections: 50 });
  const key = randomBytes(32);
  const { data, occurredAt } = synchronizedEvent('cli_bench', { bodyBytes: work.bodyBytes, login: 'bare' });
  async function send(index: number): Promise<void> {
    const id = `evt_${index}`;
    const message = { type: 'bank_login.synchronized', timestamp: occurredAt, data: { id, ...data } };
    const body = Buffer.from(JSON.stringify(message));
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
    const response = await pool.request({
      path: '/webhook',
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      },
      body,
    });
    await response.body.dump();
  }
  return {
    measure: () =>
      measureSending(work, async () => {
        let next = 0;
        const lane = async () => {
          while (next < work.count) await send(next++);
        };
        await Promise.all(Array.from({ length: 50 }, lane));
      }),
    close: () => pool.close(),
  };
}

async function measureSending({ receiver, count }: Work, send: () => Promise<void>): Promise<Record<string, number>> {
  await receiver.ask('reset');
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  await send();
  const seconds = (performance.now() - begin) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const { requests } = await receiver.ask<ReceiverCounts>('counts');
  if (requests !== count) throw new Error(`The receiver had ${requests} requests, not ${count}.`);
  return { rate: count / seconds, cpu: (cpu.user + cpu.system) / count };
}
