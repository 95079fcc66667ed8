import type { Database } from '../../src/storage/database.ts';
import { idOf } from './client-data.ts';

/** Of each login. */
export const changeSets = 50;

export interface LargeDataOptions {
  /** Of `insertClientData`: whose rows become many. */
  tag: string;
  /** Half of them the client's; each has a login, an account, an event, two deliveries and so on. An even number. */
  users: number;
  /** A tenth of them in the client's first account. */
  transactions: number;
}

/**
 * Makes the tables large, in statements of the database's own: other clients' rows beside those of one client. Statistics are
 * taken afterwards, as autovacuum does.
 */
export async function insertLargeData(
  { pool }: Database,
  { tag, users, transactions }: LargeDataOptions,
): Promise<void> {
  const clientId = idOf(tag, 'client');
  const own = (n: string) => `2 * (${n} % ${users / 2} + 1)`;
  const inFirst = Math.ceil(transactions / 10);
  const row = (column: string) => `'many' || lpad((${column})::text, 8, '0')`;
  const statements = [
    `INSERT INTO clients (id, name, created_at) SELECT 'cli_other' || n, 'Other', now() FROM generate_series(1, 9) n`,
    `INSERT INTO event_heads (client_id, position) SELECT id, 0 FROM clients ON CONFLICT DO NOTHING`,
    // Every other user is the client's own; one in a hundred is not recurring.
    `INSERT INTO users (id, client_id, external_id, recurring, enrolled_at, created_at)
      SELECT 'usr_' || ${row('n')}, CASE n % 2 WHEN 0 THEN '${clientId}' ELSE 'cli_other' || (n % 9 + 1) END, 'external ' || n,
        n % 100 <> 0, CASE WHEN n % 100 <> 0 THEN now() - n * interval '1 second' END, now() FROM generate_series(1, ${users}) n`,
    `INSERT INTO bank_logins (id, client_id, user_id, bank_id, created_at)
      SELECT 'login_' || ${row('n')}, u.client_id, u.id, 'bank_test', now()
      FROM generate_series(1, ${users}) n JOIN users u ON u.id = 'usr_' || ${row('n')}`,
    `INSERT INTO consents (id, client_id, user_id, bank_id, bank_login_id, status, recurring, valid_until, frequency_per_day,
        authorised_at, created_at)
      SELECT 'con_' || substr(l.id, 7) || s, l.client_id, l.user_id, l.bank_id, l.id,
        (CASE s WHEN 1 THEN 'VALID' ELSE 'SUPERSEDED' END)::"ConsentStatus", true, now() + interval '90 days', 4, now(), now()
      FROM bank_logins l CROSS JOIN generate_series(1, 2) s WHERE l.id LIKE 'login_many%'`,
    `INSERT INTO synchronization_attempts (id, bank_login_id, trigger, started_at, finished_at)
      SELECT 'att_' || substr(l.id, 7) || s, l.id, 'SCHEDULER', now() - s * interval '12 hours', now()
      FROM bank_logins l CROSS JOIN generate_series(1, 2) s WHERE l.id LIKE 'login_many%'`,
    `INSERT INTO bank_accesses (consent_id, bank_login_id, resource_id, endpoint, attended, trigger, accessed_at)
      SELECT k.id, k.bank_login_id, 'r1', 'TRANSACTIONS', false, 'SCHEDULER', now() - interval '1 hour'
      FROM consents k WHERE k.id LIKE 'con_many%'`,
    `INSERT INTO accounts (id, client_id, bank_login_id, resource_id, identification, iban, currency, created_at)
      SELECT 'acc_' || substr(l.id, 7), l.client_id, l.id, 'r1', l.id, 'DE' || l.id, 'EUR', now()
      FROM bank_logins l WHERE l.id LIKE 'login_many%'`,
    `INSERT INTO transactions (id, client_id, account_id, status, identity, amount, currency, booking_date, value_date,
        counterparty_name, remittance_information, sort_date, created_at, updated_at, login_version)
      SELECT 'txn_' || ${row('n')}, a.client_id, a.id, 'BOOKED', 'many' || n, -n, 'EUR', d.day, d.day, 'Shop ' || n % 500,
        'Invoice ' || n, d.day, now(), now(), n % ${changeSets / 2} + 1
      FROM generate_series(1, ${transactions}) n
      CROSS JOIN LATERAL (SELECT date '2026-03-10' - n % 1000 AS day) d
      JOIN accounts a ON a.id = CASE WHEN n <= ${inFirst} THEN '${idOf(tag, 'account')}' ELSE 'acc_' || ${row(`n % ${users} + 1`)} END`,
    `UPDATE transactions SET status = 'PENDING', booking_date = NULL WHERE id IN
      (SELECT id FROM transactions WHERE account_id = '${idOf(tag, 'account')}' ORDER BY sort_date LIMIT 3)`,
    // Moved after anybody's first page: more than a day brings of the account that is read, and many of others.
    `INSERT INTO transaction_moves (account_id, transaction_id, moved_by, sort_date, moved_at)
      SELECT account_id, id, 4, sort_date - 3, now() FROM transactions
      WHERE id <= 'txn_' || ${row('300')} AND id LIKE 'txn_many%'
        OR id LIKE 'txn_many%0' AND account_id <> '${idOf(tag, 'account')}'`,
    // The client's log: one type in a thousand is rare.
    `INSERT INTO events (id, client_id, position, type, occurred_at, user_id, bank_login_id, data)
      SELECT 'evt_' || ${row('n')}, '${clientId}', 100000 + n,
        (CASE WHEN n % 1000 = 0 THEN 'CONSENT_EXPIRED' ELSE 'BANK_LOGIN_SYNCHRONIZED' END)::"EventType", now(),
        'usr_' || ${row(own('n'))}, 'login_' || ${row(own('n'))},
        '{"trigger": "SCHEDULER", "sequence": 1, "accounts": [], "validUntil": "2026-03-10"}'
      FROM generate_series(1, ${users}) n`,
    `INSERT INTO webhook_deliveries (id, client_id, endpoint_id, event_id, bank_login_id, position, status, attempts, created_at)
      SELECT 'whd_' || substr(e.id, 5) || w.n, e.client_id, w.id, e.id, e.bank_login_id, e.position,
        (CASE WHEN e.type = 'CONSENT_EXPIRED' THEN 'FAILED' ELSE 'DELIVERED' END)::"DeliveryStatus",
        jsonb_build_array(jsonb_build_object('startedAt', now(), 'durationMs', 5, 'responseStatus', 200)), now()
      FROM events e CROSS JOIN (VALUES (1, '${idOf(tag, 'webhookEndpoint', 1)}'), (2, '${idOf(tag, 'webhookEndpoint', 2)}')) w (n, id)
      WHERE e.id LIKE 'evt_many%'`,
    `INSERT INTO sessions (id, kind, client_id, user_id, status, bank_login_id, created_at, updated_at)
      SELECT 'sync_' || substr(l.id, 7), 'SYNCHRONIZATION', l.client_id, l.user_id, 'COMPLETED', l.id, now(), now()
      FROM bank_logins l WHERE l.id LIKE 'login_many%'`,
    `INSERT INTO synchronization_cycles (id, kind, opens_at, closes_at, status, lane_count, started_at, finished_at)
      SELECT 'cyc_' || ${row('n')}, 'SCHEDULED', now() - n * interval '12 hours', now(), 'COMPLETED', 1, now(), now()
      FROM generate_series(1, 3) n`,
    `INSERT INTO cycle_entries (cycle_id, user_id, client_id, lane, position, status, attempt_count)
      SELECT c.id, u.id, u.client_id, 0, row_number() OVER (PARTITION BY c.id ORDER BY u.id), 'SYNCHRONIZED', 1
      FROM synchronization_cycles c CROSS JOIN users u WHERE c.id LIKE 'cyc_many%' AND u.id LIKE 'usr_many%'`,
    // Half of the change sets have nothing left: what they told of has changed again since.
    `INSERT INTO transaction_change_sets (client_id, position, bank_login_id, version)
      SELECT l.client_id, 1000000 + (s - 1) * ${users} + row_number() OVER (PARTITION BY s ORDER BY l.id), l.id, s
      FROM bank_logins l CROSS JOIN generate_series(1, ${changeSets}) s`,
    `INSERT INTO transaction_tombstones (transaction_id, client_id, account_id, position, removed_at)
      SELECT 'txn_gone' || s.bank_login_id || s.version, s.client_id, a.id, s.position, now()
      FROM transaction_change_sets s JOIN accounts a ON a.bank_login_id = s.bank_login_id WHERE s.version = 7`,
    'VACUUM ANALYZE',
  ];
  for (const statement of statements) await pool.query(statement);
}
