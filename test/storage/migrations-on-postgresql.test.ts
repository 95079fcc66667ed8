import pg from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { applyMigrations, readMigrations } from '../../src/storage/migrations.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';

/** The last of those that a database with a million rows has had; it came with the release before the whole bank data. */
const before = '20261126120000_transaction_moves';
const rowCount = Number(process.env.MIGRATION_ROWS ?? 10_000);

test.skipIf(!inject('postgresUrl'))('migrations rewrite no table of bank data, and old rows keep null', async () => {
  const pool = new pg.Pool({ connectionString: await createPostgresDatabase(inject('postgresUrl') as string) });
  onTestFinished(() => pool.end());
  const migrations = await readMigrations();
  await applyMigrations(
    pool,
    migrations.filter(({ name }) => name <= before),
  );
  await insertRows(pool);
  const tables = ['transactions', 'accounts'];
  const files = async () =>
    (await pool.query('SELECT pg_relation_filenode(name::regclass) AS file FROM unnest($1::text[]) name', [tables]))
      .rows;
  const filesBefore = await files();
  for (const migration of migrations.filter(({ name }) => name > before)) {
    const beganMs = performance.now();
    await applyMigrations(
      pool,
      migrations.filter(({ name }) => name <= migration.name),
    );
    console.log(`${migration.name}: ${(performance.now() - beganMs).toFixed(0)} ms over ${rowCount} transactions`);
  }
  expect(await files()).toEqual(filesBefore);
  const { rows } = await pool.query(`SELECT t.amount::text, t.mandate_id, t.other_fields, a.balances FROM transactions t
    JOIN accounts a ON a.id = t.account_id ORDER BY t.id LIMIT 1`);
  const observedAt = '2026-11-01T10:00:00.500Z';
  expect(rows).toEqual([
    {
      amount: '-12.500',
      mandate_id: null,
      other_fields: null,
      balances: [
        { type: 'expected', observedAt },
        { type: 'x', observedAt },
      ],
    },
  ]);
});

/** Accounts of fifty transactions each. */
async function insertRows(pool: pg.Pool): Promise<void> {
  await pool.query(`
    INSERT INTO clients (id, name, created_at) VALUES ('cli_1', 'Client', now());
    INSERT INTO users (id, client_id, created_at) VALUES ('usr_1', 'cli_1', now());
    INSERT INTO banks (id, name, country) VALUES ('bank_1', 'Bank', 'DE');
    INSERT INTO bank_logins (id, client_id, user_id, bank_id, last_synchronization, created_at)
      VALUES ('login_1', 'cli_1', 'usr_1', 'bank_1', '2026-11-01T10:00:00.500Z', now());
    INSERT INTO accounts (id, client_id, bank_login_id, resource_id, identification, currency, balances, created_at)
      SELECT 'acc_' || n, 'cli_1', 'login_1', 'r' || n, 'r' || n, 'EUR', '[{"type": "expected"}, {"type": "x"}]', now()
      FROM generate_series(0, ${rowCount / 50 - 1}) n;
    INSERT INTO transactions (id, client_id, account_id, status, identity, amount, currency, sort_date, created_at, updated_at)
      SELECT 'txn_' || n, 'cli_1', 'acc_' || n / 50, 'BOOKED', 't:' || n, -12.5, 'EUR', '2026-11-01', now(), now()
      FROM generate_series(0, ${rowCount - 1}) n`);
}
