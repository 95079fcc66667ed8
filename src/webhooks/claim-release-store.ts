import { type Database, Prisma } from '../storage/database.ts';

/** Hands back every delivery that a dispatcher had taken: only where no other process can be alive. */
export async function releaseAllClaims(database: Database): Promise<void> {
  await database.query(Prisma.sql`
    UPDATE webhook_deliveries SET claimed_until = NULL WHERE status = 'PENDING' AND claimed_until IS NOT NULL`);
}
