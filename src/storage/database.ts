import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { StartupError } from '../domain/errors.ts';
import { Prisma, PrismaClient } from '../generated/prisma/client.ts';
import { type CallScope, callScopes } from './call-scope.ts';
import { type EmbeddedDatabase, type EmbeddedOptions, openEmbeddedDatabase } from './embedded-database.ts';
import { applyMigrations } from './migrations.ts';
import { createStatementCancellation, type RunCancellable } from './statement-cancellation.ts';

export type { PrismaClient };
export { Prisma };
/** What a store writes with. Pass it down: inside a transaction no other query may be waited for. */
export type Transaction = Prisma.TransactionClient;

/** The system of record: PostgreSQL, a server's or the embedded one; the same SQL and the same migrations on both. */
export interface Database {
  readonly kind: 'embedded' | 'postgresql';
  readonly prisma: PrismaClient;
  /** Shared with the job store: the embedded database has this one session only. */
  readonly pool: pg.Pool;
  /** Set on a server: where LISTEN can hold a connection of its own. */
  readonly connectionString: string | null;
  /**
   * Runs `work` in one transaction: all or nothing. Keep it short, and use nothing but `tx` inside; on the embedded database
   * a query beside it throws, since it would wait for ever.
   *
   * In a call of the API (call-scope.ts) the first one whose result is not null, undefined, false, 0 or an empty list has changed
   * something: what the call has to record is written in it. `told` picks that result out of a larger one.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, told?: (result: T) => unknown): Promise<T>;
  /**
   * One statement straight through the driver, prepared under its text: the fast way for the hot paths. Keep the text
   * constant (arrays and `unnest`, not lists of placeholders). Dates come as YYYY-MM-DD, bigints as bigint, numerics as strings.
   */
  query: Query;
  /**
   * A transaction of such statements: all or nothing. Inside it, too, nothing but the given `query` may be waited for. In a call it is
   * recorded as `transaction` says.
   */
  atomically<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /**
   * Runs `work` so that aborting the signal cancels the statements that it waits for. Null: the embedded database does one
   * thing at a time and cannot be interrupted.
   */
  runCancellable: RunCancellable | null;
  /** Rejects while the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export type Query = <Row>(sql: Prisma.Sql) => Promise<Row[]>;

export interface DatabaseOptions {
  /** Null: the embedded database. */
  databaseUrl: string | null;
  /** Of the embedded database; null: in memory. */
  directory: string | null;
  /** An embedded database that is open already, and stays so; for tests. */
  instance?: EmbeddedOptions['instance'];
  /** @default 12 */
  poolSize?: number;
}

/** Opens the database and applies the migrations that it lacks. Throws a StartupError that an operator can act on. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  if (options.databaseUrl === null) {
    const embedded = await openEmbeddedDatabase(options);
    return await migrated(embedded.pool, { kind: 'embedded', connectionString: null }, embedded);
  }
  const pool = await connect(options.databaseUrl, options.poolSize ?? 12);
  return await migrated(pool, { kind: 'postgresql', connectionString: options.databaseUrl }, null);
}

type Identity = Pick<Database, 'kind' | 'connectionString'>;

async function migrated(pool: pg.Pool, identity: Identity, embedded: EmbeddedDatabase | null): Promise<Database> {
  const closeStore = async () => await (embedded ? embedded.close() : pool.end());
  try {
    await applyMigrations(pool);
  } catch (error) {
    await closeStore();
    throw error;
  }
  return createDatabase(pool, identity, closeStore);
}

async function connect(databaseUrl: string, max: number): Promise<pg.Pool> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max, connectionTimeoutMillis: 10_000 });
  // A connection that breaks while idle is replaced by the pool; without a listener the process would end.
  pool.on('error', () => {});
  try {
    await pool.query('select 1');
    return pool;
  } catch (cause) {
    await pool.end().catch(() => {});
    throw new StartupError(
      `DATABASE_URL: cannot reach PostgreSQL at ${withoutSecrets(databaseUrl)}: ${reasonOf(cause)}.`,
      {
        cause,
      },
    );
  }
}

function withoutSecrets(databaseUrl: string): string {
  try {
    const { hostname, port, pathname } = new URL(databaseUrl);
    return `${hostname}:${port || 5432}${pathname}`;
  } catch {
    return 'the given address';
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return reasonOf(cause.errors[0]);
  return cause instanceof Error && cause.message ? cause.message : String(cause);
}

function createDatabase(pool: pg.Pool, identity: Identity, closeStore: () => Promise<void>): Database {
  const runCancellable = identity.connectionString
    ? createStatementCancellation(pool, identity.connectionString)
    : null;
  const inTransaction = identity.kind === 'embedded' ? refuseQueriesBesideTransaction(pool) : runPlainly;
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool),
    transactionOptions: { maxWait: 20_000, timeout: 20_000 },
  });
  const nameOf = createStatementNames();
  const queryOn =
    (connection: pg.Pool | pg.PoolClient): Query =>
    async <Row>(sql: Prisma.Sql) => {
      const text = sql.text;
      const query = { name: nameOf(text), text, values: sql.values as unknown[], types: rowTypes };
      return (await connection.query(query)).rows as Row[];
    };
  return {
    ...identity,
    prisma,
    pool,
    transaction: (work, told) =>
      recorded(
        (finish) =>
          prisma.$transaction((tx) =>
            inTransaction(async () => finish(await work(tx), <Row>(sql: Prisma.Sql) => tx.$queryRaw<Row[]>(sql))),
          ),
        told,
      ),
    query: queryOn(pool),
    atomically: (work) =>
      recorded((finish) =>
        inTransactionOn(pool, (client) =>
          inTransaction(async () => finish(await work(queryOn(client)), queryOn(client))),
        ),
      ),
    runCancellable,
    ping: async () => void (await pool.query('SELECT 1')),
    close: async () => {
      await prisma.$disconnect();
      await closeStore();
    },
  };
}

type Finish<T> = (result: T, query: Query) => Promise<T>;

async function recorded<T>(
  transact: (finish: Finish<T>) => Promise<T>,
  told: (result: T) => unknown = (result) => result,
): Promise<T> {
  let scope: CallScope | null = null;
  const committed = await transact(async (result, query) => {
    scope = await callScopes.finish(query, told(result));
    return result;
  });
  if (scope) (scope as CallScope).isRecorded = true;
  return committed;
}

async function inTransactionOn<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let lost = false;
  // Without a listener the process would end; whoever waits for a statement is told by its rejection.
  const noteLoss = () => {
    lost = true;
  };
  client.on('error', noteLoss);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(noteLoss);
    throw error;
  } finally {
    client.off('error', noteLoss);
    client.release(lost);
  }
}

type RunInTransaction = <T>(work: () => Promise<T>) => Promise<T>;

const runPlainly: RunInTransaction = (work) => work();

// Not on a server, where such a query waits for nobody: up to Node 22 async storage, once used, slows every promise down.
function refuseQueriesBesideTransaction(pool: pg.Pool): RunInTransaction {
  const openTransaction = new AsyncLocalStorage<true>();
  for (const method of ['query', 'connect'] as const) {
    const original = pool[method].bind(pool) as (...args: unknown[]) => unknown;
    Object.assign(pool, {
      [method]: (...args: unknown[]) => {
        if (openTransaction.getStore()) throw new Error('A query beside the open transaction: pass `tx` down instead.');
        return original(...args);
      },
    });
  }
  return (work) => openTransaction.run(true, work);
}

// Type OIDs of pg_type: int8, date.
const int8 = 20;
const date = 1082;
const rowTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === int8) return (value: string) => BigInt(value);
    if (oid === date) return (value: string) => value;
    return pg.types.getTypeParser(oid, format as 'text');
  }) as pg.CustomTypesConfig['getTypeParser'],
};

const maximumPreparedStatements = 500;

// PostgreSQL cuts statement names at 63 bytes, so the text itself cannot be the name.
function createStatementNames(): (text: string) => string | undefined {
  const names = new Map<string, string>();
  return (text) => {
    const known = names.get(text);
    if (known || names.size >= maximumPreparedStatements) return known;
    const name = createHash('sha1').update(text).digest('hex');
    names.set(text, name);
    return name;
  };
}
