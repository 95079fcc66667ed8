import type { StoredAccount } from '../accounts/account-match.ts';
import { storedAccountJson } from '../accounts/bank-data-ctes.ts';
import { type Database, Prisma } from '../storage/database.ts';

/** What a synchronization has to know of its login before it asks the bank. */
export interface SynchronizationContext {
  clientId: string;
  userId: string;
  externalId: string | null;
  bankLoginId: string;
  bankId: string;
  bankName: string;
  status: 'OK' | 'SCA_REQUIRED' | 'SYNC_FAILED';
  /** Grows with every stored synchronization: what was merged against another one is merged again. */
  version: number;
  /** Of the login's row: another one after every change, of whatever kind. */
  rowVersion: string;
  sequence: number;
  lastSynchronization: Date | null;
  secretsStored: boolean;
  /** The valid one, with its credentials at hand. */
  consent: ConsentInUse | null;
  accounts: StoredAccount[];
}

export interface ConsentInUse {
  id: string;
  /** The adapter's credentials, encrypted. */
  credentials: string;
  recurring: boolean;
  frequencyPerDay: number;
  authorisedAt: Date;
}

export interface SynchronizationContextStore {
  /** Null when the login has been deleted. */
  load(bankLoginId: string): Promise<SynchronizationContext | null>;
}

/** What `contextColumns` gives. */
export interface ContextRow extends Omit<SynchronizationContext, 'consent'> {
  consentId: string | null;
  credentials: string | null;
  consentRecurring: boolean;
  frequencyPerDay: number;
  authorisedAt: Date | null;
}

/** Of `bank_logins l`, `users u` and `contextJoins`. */
export const contextColumns = Prisma.sql`
  l.client_id AS "clientId", l.user_id AS "userId", u.external_id AS "externalId", l.id AS "bankLoginId",
  l.bank_id AS "bankId", b.name AS "bankName", l.status::text AS status, l.version, l.xmin::text AS "rowVersion", l.sequence,
  l.last_synchronization AS "lastSynchronization", l.secrets_stored AS "secretsStored", k.id AS "consentId",
  k.credentials, k.recurring AS "consentRecurring", k.frequency_per_day AS "frequencyPerDay",
  k.authorised_at AS "authorisedAt",
  coalesce((SELECT json_agg(${storedAccountJson} ORDER BY a.id)
    FROM accounts a WHERE a.bank_login_id = l.id), '[]') AS accounts`;

/** One row for one of `bank_logins l`. */
export const contextJoins = Prisma.sql`
  LEFT JOIN banks b ON b.id = l.bank_id LEFT JOIN consents k ON k.bank_login_id = l.id AND k.status = 'VALID'`;

export function createSynchronizationContextStore(database: Database): SynchronizationContextStore {
  return {
    async load(bankLoginId) {
      const [row] = await database.query<ContextRow>(Prisma.sql`
        SELECT ${contextColumns} FROM bank_logins l JOIN users u ON u.id = l.user_id ${contextJoins}
        WHERE l.id = ${bankLoginId}`);
      return row ? toContext(row) : null;
    },
  };
}

export function toContext(row: ContextRow): SynchronizationContext {
  const { consentId, credentials, consentRecurring, frequencyPerDay, authorisedAt, ...context } = row;
  const consent =
    consentId && credentials && authorisedAt
      ? { id: consentId, credentials, recurring: consentRecurring, frequencyPerDay, authorisedAt }
      : null;
  return { ...context, consent };
}
