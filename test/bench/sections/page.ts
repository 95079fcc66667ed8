import { pino } from 'pino';
import { createAccountStore } from '../../../src/accounts/account-store.ts';
import { createClientStore } from '../../../src/clients/client-store.ts';
import { createClients } from '../../../src/clients/clients.ts';
import { createKeyAuthentication } from '../../../src/clients/key-authentication.ts';
import { systemClock } from '../../../src/domain/clock.ts';
import type { Services } from '../../../src/graphql/services.ts';
import { createMetrics } from '../../../src/http/metrics.ts';
import { createHttpServer } from '../../../src/http/server.ts';
import type { Database } from '../../../src/storage/database.ts';
import type { PageReaderAnswer, PageReaderOptions, PageReaderQuestion } from '../helpers/page-reader.ts';
import type { Bench, Contestant, Helper, Section } from '../section.ts';

const rowsPerAccount = 5_000;
const pageRows = 100;
const connections = 8;
const bookedFrom = '2024-01-01';
const bookedTo = '2025-06-30';

export const section: Section = {
  about: `A page of ${pageRows} transactions, by status and days, over HTTP with authentication.`,
  async open(bench) {
    const database = await bench.openDatabase();
    const rows = bench.quick ? 100_000 : 1_000_000;
    const { key, clientId } = await insertClient(database);
    const accountCount = rows / rowsPerAccount;
    await insertTransactions(database, { clientId, rows, accountCount });
    const reader = await openReader(bench, database, key);
    // The collection before each round throws compiled code away with it: a round is long enough to be about more than its return.
    const work = { pages: bench.quick ? 300 : 3_000, accountCount };
    return [
      {
        name: `out of ${rows.toLocaleString('en-US')}`,
        figures: { rate: 'pages/s' },
        contestants: [tidewater(reader, work), bareSql(database, work)],
        targets: [{ figure: 'rate', ours: 'tidewater', against: 'bare SQL and JSON.stringify', atLeast: 0.5 }],
      },
    ];
  },
};

async function insertClient(database: Database): Promise<{ key: string; clientId: string }> {
  const clients = createClients({ clock: systemClock, store: createClientStore(database) });
  const { client, key } = await clients.createClient('Bench');
  return { key, clientId: client.id };
}

interface Size {
  clientId: string;
  rows: number;
  accountCount: number;
}

async function insertTransactions({ pool }: Database, { clientId, rows, accountCount }: Size): Promise<void> {
  const statements = [
    `INSERT INTO users (id, client_id, created_at) VALUES ('usr_1', '${clientId}', now())`,
    `INSERT INTO banks (id, name, country) VALUES ('bank_1', 'Bank', 'DE')`,
    `INSERT INTO bank_logins (id, client_id, user_id, bank_id, created_at) VALUES ('login_1', '${clientId}', 'usr_1', 'bank_1', now())`,
    `INSERT INTO accounts (id, client_id, bank_login_id, resource_id, identification, currency, created_at)
      SELECT 'acc_' || n, '${clientId}', 'login_1', 'r' || n, 'r' || n, 'EUR', now() FROM generate_series(0, ${accountCount - 1}) n`,
    // Every tenth is pending; the days go back three years.
    `INSERT INTO transactions (id, client_id, account_id, status, identity, amount, currency, booking_date, value_date,
        counterparty_name, counterparty_iban, remittance_information, bank_transaction_code, sort_date, created_at, updated_at)
      SELECT 'txn_' || lpad(n::text, 26, '0'), '${clientId}', 'acc_' || n % ${accountCount},
        (CASE WHEN n / ${accountCount} % 10 = 0 THEN 'PENDING' ELSE 'BOOKED' END)::"TransactionStatus", 'i' || n, -(n % 10000) / 100.0, 'EUR',
        d.day, d.day, 'Counterparty ' || n % 1000, 'DE02120300000000202051', 'Invoice ' || n || ', thank you', 'PMNT-ICDT-ESCT',
        d.day, now(), now()
      FROM generate_series(1, ${rows}) n
      CROSS JOIN LATERAL (SELECT date '2026-03-10' - (n / ${accountCount}) % 1095 AS day) d`,
    'VACUUM ANALYZE',
  ];
  for (const statement of statements) await pool.query(statement);
}

/** The product's server and doors, with what this question needs of the rooms. */
async function openReader(bench: Bench, database: Database, key: string): Promise<Helper> {
  const authentication = createKeyAuthentication({ clock: systemClock, store: createClientStore(database) });
  // An hour's first reading alone is written by the audit log.
  const services = { accounts: createAccountStore(database), audit: { noteRead: () => {} } };
  const http = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    source: { prisma: database.prisma, services: services as unknown as Services },
    authenticate: authentication.authenticate,
    pages: async () => false,
    readiness: {},
    metrics: createMetrics(),
    logger: pino({ level: 'silent' }),
    runCancellable: database.runCancellable,
  });
  const { url } = await http.listen();
  bench.onClose(http.close);
  return await bench.startHelper('page-reader', { url, key, connections } satisfies PageReaderOptions);
}

const query = `query Page($id: ID!, $from: Date, $to: Date) { node(id: $id) { ... on Account {
  transactions(first: ${pageRows}, status: BOOKED, bookedFrom: $from, bookedTo: $to) {
    nodes { id status amount { amount currency } bookingDate valueDate counterpartyName counterpartyIban remittanceInformation
      endToEndId bankTransactionCode }
    pageInfo { hasNextPage endCursor } } } } }`;

interface Work {
  pages: number;
  accountCount: number;
}

function tidewater(reader: Helper, { pages, accountCount }: Work): Contestant {
  return {
    name: 'tidewater',
    async measure() {
      const bodies = Array.from({ length: pages }, (_, n) =>
        JSON.stringify({ query, variables: { id: `acc_${n % accountCount}`, from: bookedFrom, to: bookedTo } }),
      );
      const { seconds, rows } = await reader.ask<PageReaderAnswer>({ bodies } satisfies PageReaderQuestion);
      return { rate: rateOf(pages, rows, seconds) };
    },
  };
}

/** What nobody can do without: the same page, read and written as JSON, in as many lanes. */
function bareSql({ pool }: Database, { pages, accountCount }: Work): Contestant {
  const text = `SELECT id, status::text, amount::text, currency, booking_date::text AS "bookingDate", value_date::text AS "valueDate",
      counterparty_name AS "counterpartyName", counterparty_iban AS "counterpartyIban",
      remittance_information AS "remittanceInformation", end_to_end_id AS "endToEndId",
      bank_transaction_code AS "bankTransactionCode"
    FROM transactions WHERE account_id = $1 AND status = 'BOOKED' AND sort_date BETWEEN $2 AND $3
    ORDER BY sort_date DESC, id DESC LIMIT ${pageRows}`;
  return {
    name: 'bare SQL and JSON.stringify',
    async measure() {
      let next = 0;
      let rows = 0;
      const startedAt = performance.now();
      const work = async () => {
        while (next < pages) {
          const values = [`acc_${next++ % accountCount}`, bookedFrom, bookedTo];
          const result = await pool.query({ name: 'page', text, values });
          rows += JSON.stringify(result.rows).split('"txn_').length - 1;
        }
      };
      await Promise.all(Array.from({ length: connections }, work));
      return { rate: rateOf(pages, rows, (performance.now() - startedAt) / 1000) };
    },
  };
}

function rateOf(pages: number, rows: number, seconds: number): number {
  if (rows !== pages * pageRows) throw new Error(`${rows} rows on ${pages} pages.`);
  return pages / seconds;
}
