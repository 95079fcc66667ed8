import { type Database, Prisma } from '../storage/database.ts';

/** Leases on the credentials of consents: who changes them holds one. Encryption is not this store's. */
export interface CredentialStore {
  /** `held`: somebody else has them; `gone`: they have been dropped. */
  take(consentId: string, leaseSeconds: number): Promise<{ credentials: string; fence: number } | 'held' | 'gone'>;
  /** False when the lease has run out and somebody else has taken it, or the credentials have been dropped. */
  store(lease: { consentId: string; fence: number }, credentials: string): Promise<boolean>;
  giveBack(lease: { consentId: string; fence: number }): Promise<void>;
}

export function createCredentialStore(database: Database): CredentialStore {
  return {
    async take(consentId, leaseSeconds) {
      // The database's clock: those of processes differ.
      const [taken] = await database.query<{ credentials: string; fence: number }>(Prisma.sql`
        UPDATE consents SET credentials_fence = credentials_fence + 1,
          credentials_leased_until = now() + make_interval(secs => ${leaseSeconds}::float)
        WHERE id = ${consentId} AND credentials IS NOT NULL
          AND (credentials_leased_until IS NULL OR credentials_leased_until < now())
        RETURNING credentials, credentials_fence AS fence`);
      if (taken) return taken;
      const [consent] = await database.query(Prisma.sql`
        SELECT FROM consents WHERE id = ${consentId} AND credentials IS NOT NULL`);
      return consent ? 'held' : 'gone';
    },
    async store({ consentId, fence }, credentials) {
      const stored = await database.query(Prisma.sql`
        UPDATE consents SET credentials = ${credentials}
        WHERE id = ${consentId} AND credentials_fence = ${fence}::int AND credentials IS NOT NULL RETURNING id`);
      return stored.length > 0;
    },
    async giveBack({ consentId, fence }) {
      await database.query(Prisma.sql`
        UPDATE consents SET credentials_leased_until = NULL WHERE id = ${consentId} AND credentials_fence = ${fence}::int`);
    },
  };
}
