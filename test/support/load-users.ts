import { writeFile } from 'node:fs/promises';
import type pg from 'pg';
import { credentialsOf } from '../../src/consent/consent-store.ts';
import { newId } from '../../src/domain/ids.ts';
import type { Encryption } from '../../src/storage/encryption.ts';

const dayMs = 86_400_000;

function consentIdAtBank(n: number): string {
  return `consent-load-${n}`;
}

/** A data file of the sandbox bank in which `load-1` … `load-<count>` have consented, for all the days that a test lasts. */
export async function writeLoadConsents(file: string, { count, now }: { count: number; now: Date }): Promise<void> {
  const nowMs = now.getTime();
  const lines = Array.from({ length: count }, (_, i) => ({
    consent: {
      id: consentIdAtBank(i + 1),
      variant: 'redirect',
      status: 'valid',
      tpp: 'anonymous',
      recurring: true,
      validUntil: toDay(nowMs + 170 * dayMs),
      frequencyPerDay: 4,
      redirectUri: null,
      nokRedirectUri: null,
      psuId: `load-${i + 1}`,
      authorisationId: null,
      scaStatus: 'finalised',
      link: null,
      wrongOtpCount: 0,
      createdAt: nowMs,
      authorisedAt: nowMs,
      lastActionAt: nowMs,
      readAccounts: [0],
    },
  }));
  await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

export interface LoadUsers {
  pool: Pick<pg.Pool, 'query'>;
  encryption: Encryption;
  clientId: string;
  bankId: string;
  count: number;
  now: Date;
}

/**
 * Recurring users with the logins of those persons, connected and synchronized once before. In the order of their enrolment, which
 * is that of the persons; the bank must be known already.
 */
export async function insertLoadUsers(
  given: LoadUsers,
): Promise<Array<{ userId: string; loginId: string; credentials: string }>> {
  const { pool, encryption, clientId, bankId, count, now } = given;
  const users = Array.from({ length: count }, (_, i) => ({
    userId: newId('user', now),
    loginId: newId('bankLogin', now),
    consentId: newId('consent', now),
    credentials: consentIdAtBank(i + 1),
    enrolledAt: new Date(now.getTime() - (count - i)),
  }));
  const column = (of: (user: (typeof users)[number]) => unknown) => users.map(of);
  await pool.query(
    `INSERT INTO users (id, client_id, recurring, enrolled_at, created_at)
     SELECT id, $2, true, at, at FROM unnest($1::text[], $3::timestamptz[]) AS u (id, at)`,
    [column((u) => u.userId), clientId, column((u) => u.enrolledAt)],
  );
  await pool.query(
    `INSERT INTO bank_logins (id, client_id, user_id, bank_id, last_synchronization, created_at)
     SELECT id, $3, user_id, $4, $5, $5 FROM unnest($1::text[], $2::text[]) AS l (id, user_id)`,
    [column((u) => u.loginId), column((u) => u.userId), clientId, bankId, now],
  );
  await pool.query(
    `INSERT INTO consents (id, client_id, user_id, bank_id, bank_login_id, status, recurring, valid_until, frequency_per_day,
       authorised_at, credentials, created_at)
     SELECT id, $5, user_id, $6, login_id, 'VALID', true, $7, 4, $8, credentials, $8
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS c (id, user_id, login_id, credentials)`,
    [
      column((u) => u.consentId),
      column((u) => u.userId),
      column((u) => u.loginId),
      column((u) => encryption.encrypt(u.credentials, credentialsOf(u.consentId))),
      clientId,
      bankId,
      toDay(now.getTime() + 170 * dayMs),
      now,
    ],
  );
  return users.map(({ userId, loginId, credentials }) => ({ userId, loginId, credentials }));
}

function toDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
