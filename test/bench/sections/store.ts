import type pg from 'pg';
import { toNames } from '../../../src/accounts/transaction-identity.ts';
import { newId } from '../../../src/domain/ids.ts';
import type { Comparison, Contestant, Section } from '../section.ts';
import {
  type Begun,
  type Enrolled,
  openSynchronizationWorld,
  type SynchronizationWorld,
  toFetched,
  toTransactions,
} from '../synchronization-world.ts';

const bankId = 'bank_bench';
const transactionCount = 20;
/** Of a later synchronization: the rest is known already. */
const newCount = 3;

export const section: Section = {
  about: 'Storing one login’s synchronization: 1 account, 20 transactions, event, deliveries; all or nothing.',
  async open(bench) {
    const world = await openSynchronizationWorld(bench, {
      bankId,
      banks: {
        get: () => {
          throw new Error('not asked');
        },
      },
    });
    const count = bench.quick ? 200 : 500;
    return [await compareFirst(world, count), await compareAgain(world, count)];
  },
};

const figures = { rate: 'logins/s', cpu: 'µs of this process per login' };
const targets = [{ figure: 'rate', ours: 'tidewater', against: 'bare statement', atLeast: 0.55 }];

/** Every round has logins that were never synchronized. */
async function compareFirst(world: SynchronizationWorld, count: number): Promise<Comparison> {
  const bare = await openBareStore(world);
  const contestant = (name: string, store: (login: Login) => Promise<void>): Contestant => ({
    name,
    measure: async () => await timed(await newLogins(world, count), store),
  });
  return {
    name: 'for the first time',
    figures,
    contestants: [
      contestant('bare statement', (login) => bare(login, 0)),
      contestant('tidewater', ({ number, begun }) =>
        world.storeFetched(begun, toFetched(`resource-${number}`, toTransactions(transactionCount))),
      ),
    ],
    targets,
  };
}

/** Every round has the same logins, and the bank gives the last 20 transactions, of which 3 are new. */
async function compareAgain(world: SynchronizationWorld, count: number): Promise<Comparison> {
  const bare = await openBareStore(world);
  const contestant = async (
    name: string,
    store: (login: Login, first: number) => Promise<void>,
  ): Promise<Contestant> => {
    const users = await world.enrol(count);
    let first = 0;
    const measure = async () => {
      const logins = await begin(world, users);
      const figuresOfRound = await timed(logins, (login) => store(login, first));
      first += newCount;
      return figuresOfRound;
    };
    await measure();
    return { name, measure };
  };
  return {
    name: 'again',
    figures,
    contestants: [
      await contestant('bare statement', bare),
      await contestant('tidewater', ({ number, begun }, first) =>
        world.storeFetched(begun, toFetched(`resource-${number}`, toTransactions(transactionCount, first))),
      ),
    ],
    targets,
  };
}

interface Login extends Enrolled {
  begun: Begun;
}

async function newLogins(world: SynchronizationWorld, count: number): Promise<Login[]> {
  return await begin(world, await world.enrol(count));
}

async function begin(world: SynchronizationWorld, users: readonly Enrolled[]): Promise<Login[]> {
  const logins: Login[] = [];
  for (const user of users) logins.push({ ...user, begun: await world.begin(user.loginId) });
  return logins;
}

async function timed(
  logins: readonly Login[],
  store: (login: Login) => Promise<void>,
): Promise<Record<string, number>> {
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  for (const login of logins) await store(login);
  const seconds = (performance.now() - begin) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  return { rate: logins.length / seconds, cpu: (cpu.user + cpu.system) / logins.length };
}

/** What the fastest program would do that trusts the bank: one prepared statement of upserts, on one connection, no merge. */
async function openBareStore({ database, clientId, endpointId }: SynchronizationWorld) {
  const client: pg.PoolClient | pg.Pool = database.pool;
  return async ({ number, begun: { context } }: Login, first: number): Promise<void> => {
    const now = new Date();
    const transactions = toTransactions(transactionCount, first);
    const accountId = `acc_bare_${number}`;
    const rows = transactions.map((transaction) => ({
      ...transaction,
      id: newId('transaction', now),
      identity: toNames(transaction)[0],
      amount: transaction.amount.amount,
    }));
    const newRows = first === 0 ? rows : rows.slice(-newCount);
    const data = { user: { id: context.userId }, accounts: [{ account: { id: accountId }, newTransactions: newRows }] };
    const { rowCount } = await client.query({
      name: 'bare-store',
      text: bareStatement,
      values: [
        clientId,
        context.bankLoginId,
        accountId,
        `resource-${number}`,
        JSON.stringify(rows),
        newId('event', now),
        context.userId,
        JSON.stringify(data),
        endpointId,
        newId('webhookDelivery', now),
        now,
      ],
    });
    if (rowCount !== 1) throw new Error('The bare statement stored nothing.');
  };
}

const bareStatement = `
  WITH login AS (
    UPDATE bank_logins SET version = version + 1, sequence = sequence + 1, last_synchronization = $11 WHERE id = $2 RETURNING id),
  account AS (
    INSERT INTO accounts (id, client_id, bank_login_id, resource_id, identification, iban, name, owner_name, currency, balances, created_at)
    VALUES ($3, $1, $2, $4, 'DE02120300000000202051', 'DE02120300000000202051', 'Giro', 'Anna', 'EUR', '[]', $11)
    ON CONFLICT (id) DO UPDATE SET balances = EXCLUDED.balances),
  stored AS (
    INSERT INTO transactions (id, client_id, account_id, status, identity, bank_transaction_id, amount, currency, booking_date,
      counterparty_name, counterparty_iban, remittance_information, end_to_end_id, bank_transaction_code, sort_date, created_at, updated_at)
    SELECT g.id, $1, $3, 'BOOKED', g.identity, g."transactionId", g.amount, 'EUR', g."bookingDate", g."counterpartyName",
      g."counterpartyIban", g."remittanceInformation", g."endToEndId", g."bankTransactionCode", g."bookingDate", $11, $11
    FROM json_to_recordset($5::json) AS g (id text, identity text, "transactionId" text, amount numeric, "bookingDate" date,
      "counterpartyName" text, "counterpartyIban" text, "remittanceInformation" text, "endToEndId" text, "bankTransactionCode" text)
    ON CONFLICT (account_id, identity) DO UPDATE SET amount = EXCLUDED.amount, booking_date = EXCLUDED.booking_date,
      updated_at = EXCLUDED.updated_at),
  head AS (UPDATE event_heads SET position = position + 1 WHERE client_id = $1 RETURNING position),
  event AS (
    INSERT INTO events (id, client_id, position, type, occurred_at, user_id, bank_login_id, data)
    SELECT $6, $1, position, 'BANK_LOGIN_SYNCHRONIZED', $11, $7, $2, $8::json FROM head RETURNING id, position)
  INSERT INTO webhook_deliveries (id, client_id, endpoint_id, event_id, bank_login_id, position, next_attempt_at, created_at)
  SELECT $10, $1, $9, event.id, $2, event.position, $11, $11 FROM event`;
