import type { AppendEvent } from '../events/event-log.ts';
import { Prisma, type Transaction } from '../storage/database.ts';
import { queueTerminations } from './consent-store.ts';

export interface ErasedUser {
  bankLogins: number;
  accounts: number;
  transactions: number;
  events: number;
  deliveries: number;
}

export interface Erasure {
  clientId: string;
  id: string;
  now: Date;
}

/**
 * Deletes a login with its data and everything that carried it: events, deliveries, stored bodies. Its consents are queued to be
 * ended at the bank. False when there is no such login of the client.
 */
export async function eraseLogin(
  tx: Transaction,
  append: AppendEvent,
  { clientId, id, now }: Erasure,
): Promise<boolean> {
  const login = await lock(
    tx,
    Prisma.sql`SELECT id, user_id FROM bank_logins WHERE id = ${id} AND client_id = ${clientId} FOR UPDATE`,
  );
  if (!login) return false;
  await endConsents(tx, { bankLoginId: id }, now);
  await tx.$executeRaw`DELETE FROM events WHERE client_id = ${clientId} AND bank_login_id = ${id}`;
  await tx.bankLogin.delete({ where: { id } });
  append({
    clientId,
    type: 'BANK_LOGIN_DELETED',
    userId: login.user_id,
    bankLoginId: id,
    occurredAt: now,
    data: { userId: login.user_id, bankLoginId: id },
  });
  return true;
}

/** Erases a user and all that holds its data (GDPR Art. 17); the receipt counts what went. Null when there is no such user. */
export async function eraseUser(
  tx: Transaction,
  append: AppendEvent,
  { clientId, id, now }: Erasure,
): Promise<ErasedUser | null> {
  const user = await lock(
    tx,
    Prisma.sql`SELECT id, id AS user_id FROM users WHERE id = ${id} AND client_id = ${clientId} FOR UPDATE`,
  );
  if (!user) return null;
  await tx.$executeRaw`SELECT id FROM bank_logins WHERE user_id = ${id} FOR UPDATE`;
  await endConsents(tx, { userId: id }, now);
  const [counts] = await tx.$queryRaw<ErasedUser[]>`
    SELECT (SELECT count(*)::int FROM bank_logins WHERE user_id = ${id}) AS "bankLogins",
      (SELECT count(*)::int FROM accounts a JOIN bank_logins l ON l.id = a.bank_login_id WHERE l.user_id = ${id}) AS accounts,
      (SELECT count(*)::int FROM transactions t JOIN accounts a ON a.id = t.account_id
        JOIN bank_logins l ON l.id = a.bank_login_id WHERE l.user_id = ${id}) AS transactions,
      (SELECT count(*)::int FROM events WHERE client_id = ${clientId} AND user_id = ${id}) AS events,
      (SELECT count(*)::int FROM webhook_deliveries d JOIN events e ON e.id = d.event_id
        WHERE e.client_id = ${clientId} AND e.user_id = ${id}) AS deliveries`;
  await tx.$executeRaw`DELETE FROM events WHERE client_id = ${clientId} AND user_id = ${id}`;
  await tx.user.delete({ where: { id } });
  append({
    clientId,
    type: 'USER_DELETED',
    userId: id,
    occurredAt: now,
    // The client's own id is data of the user as well, and the event stays.
    data: { userId: id, externalId: null },
  });
  return counts ?? null;
}

async function lock(tx: Transaction, statement: Prisma.Sql): Promise<{ id: string; user_id: string } | null> {
  const [row] = await tx.$queryRaw<Array<{ id: string; user_id: string }>>(statement);
  return row ?? null;
}

async function endConsents(tx: Transaction, of: Prisma.ConsentWhereInput, now: Date): Promise<void> {
  const consents = await tx.consent.findMany({
    where: { ...of, status: { in: ['VALID', 'RECEIVED', 'PARTIALLY_AUTHORISED'] } },
    select: { id: true, bankId: true, credentials: true },
  });
  await queueTerminations(tx, consents, now);
}
