import { Prisma } from '../../../src/storage/database.ts';
import { type DeliveryWorld, openDeliveryWorld, synchronizedEvent } from '../delivery-world.ts';
import type { Bench, Contestant, Helper, Section } from '../section.ts';

const deliveredPerRound = 4_000;

export const section: Section = {
  about: 'What a delivery costs when the log, with its deliveries and attempts, has grown.',
  async open(bench) {
    const receiver = await bench.startHelper('receiver');
    const sizes = bench.quick ? [10_000, 100_000] : [10_000, 1_000_000];
    if (bench.quick) bench.leaveOut('a log of 1,000,000 events: too long for --quick, which has 100,000');
    const contestants: Contestant[] = [];
    for (const size of sizes) contestants.push(await openContestant(bench, { receiver, size }));
    const [small, large] = contestants.map(({ name }) => name);
    return [
      {
        name: 'a delivery',
        figures: { cost: 'µs per delivery' },
        contestants,
        targets: [{ figure: 'cost', ours: large ?? '', against: small ?? '', atMost: 1.3 }],
      },
    ];
  },
};

async function openContestant(
  bench: Bench,
  { receiver, size }: { receiver: Helper; size: number },
): Promise<Contestant> {
  const world = await openDeliveryWorld(bench);
  const clientId = await world.addClient();
  await world.endpoints.create(clientId, { url: `${receiver.ready.url}/webhook` });
  await fillLog(world, clientId, size);
  return {
    name: `${size.toLocaleString('en-US')} events`,
    async measure() {
      await world.commit(deliveredPerRound, (index) =>
        synchronizedEvent(clientId, { bodyBytes: 2048, login: `${clientId}${index}` }),
      );
      globalThis.gc?.();
      const dispatcher = world.createDispatcher();
      const begin = performance.now();
      dispatcher.start();
      await world.allRecorded();
      const cost = ((performance.now() - begin) * 1000) / deliveredPerRound;
      await dispatcher.stop();
      return { cost };
    },
  };
}

/** Events of the last 90 days, each delivered to the client's endpoint at the first attempt. */
async function fillLog({ database }: DeliveryWorld, clientId: string, size: number): Promise<void> {
  await database.query(Prisma.sql`
    INSERT INTO events (id, client_id, position, type, occurred_at, user_id, bank_login_id, data)
    SELECT 'evt_' || lpad(n::text, 10, '0') || substr(md5(n::text), 1, 16), ${clientId}, n, 'BANK_LOGIN_SYNCHRONIZED',
      now() - interval '90 days' * (1 - n::float8 / ${size}::int), 'usr_' || n % 100000, 'login_' || n % 100000, '{"accounts":[]}'
    FROM generate_series(1, ${size}::int) AS n`);
  await database.query(Prisma.sql`UPDATE event_heads SET position = ${size}::int WHERE client_id = ${clientId}`);
  await database.query(Prisma.sql`
    INSERT INTO webhook_deliveries (id, client_id, endpoint_id, event_id, bank_login_id, position, status, attempt_count,
      created_at, delivered_at, attempts)
    SELECT 'whd_' || substr(e.id, 5), e.client_id, w.id, e.id, e.bank_login_id, e.position, 'DELIVERED', 1, e.occurred_at,
      e.occurred_at, jsonb_build_array(jsonb_build_object('startedAt', e.occurred_at, 'durationMs', 20, 'responseStatus', 204))
    FROM events e JOIN webhook_endpoints w ON w.client_id = e.client_id WHERE e.client_id = ${clientId}`);
  await database.pool.query('VACUUM ANALYZE events, webhook_deliveries');
}
