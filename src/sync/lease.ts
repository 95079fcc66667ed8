import { Prisma } from '../storage/database.ts';

/** What a process works on is its own for so long without a word from it; then another may take it over. */
export const defaultLeaseSeconds = 60;

/** The end of a lease taken now, by the database's clock: processes' clocks may differ. */
export function leaseSql(seconds: number): Prisma.Sql {
  return Prisma.sql`now() + make_interval(secs => ${seconds}::int)`;
}

/** Renews four times in a lease's life. A renewal that fails is made up for by the next; without any, the work is taken over. */
export function renewRegularly(leaseSeconds: number, renew: () => Promise<unknown>): () => void {
  const timer = setInterval(() => void renew().catch(() => {}), (leaseSeconds * 1_000) / 4);
  timer.unref();
  return () => clearInterval(timer);
}
