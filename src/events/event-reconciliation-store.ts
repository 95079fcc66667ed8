import { InvalidInput } from '../domain/errors.ts';
import { type Database, Prisma } from '../storage/database.ts';

export interface ReconciliationQuery {
  clientId: string;
  since: Date;
  /** Exclusive; null: up to now. */
  until: Date | null;
  /** What the caller has; `mostSeenEvents` of them at most. */
  seenEventIds: readonly string[];
}

export interface Reconciliation {
  /** In the log of that time, and not seen: the oldest first. */
  missingEventIds: string[];
  /** Seen, and not in the log at all, or not any more. */
  unknownEventIds: string[];
  /** Events of the log that were compared. */
  checkedCount: number;
  /** False: the log has more of that time than are compared at once. Ask again with a later `since`. */
  complete: boolean;
}

export interface EventReconciliation {
  /** Throws InvalidInput for more ids than can be compared at once, and for a time that ends before it begins. */
  reconcile(query: ReconciliationQuery): Promise<Reconciliation>;
}

export const mostSeenEvents = 10_000;
/** As many again: a client that has lost every other event is told so in one answer. */
export const comparedEvents = 20_000;

interface Row {
  missing: string[];
  unknown: string[];
  count: number;
}

export function createEventReconciliation(database: Database): EventReconciliation {
  return {
    async reconcile(query) {
      refuseFaults(query);
      const { clientId, since, until } = query;
      const seen = [...new Set(query.seenEventIds)];
      const [row] = await database.query<Row>(Prisma.sql`
        WITH seen AS MATERIALIZED (SELECT unnest(${seen}::text[]) AS id),
        logged AS MATERIALIZED (
          SELECT e.id, e.occurred_at, e.position FROM events e
          WHERE e.client_id = ${clientId} AND e.occurred_at >= ${since}::timestamptz
            ${until === null ? Prisma.empty : Prisma.sql`AND e.occurred_at < ${until}::timestamptz`}
            AND e.position > coalesce((SELECT removed_through FROM event_heads WHERE client_id = ${clientId}), 0)
          ORDER BY e.occurred_at LIMIT ${comparedEvents + 1}::int),
        compared AS (SELECT * FROM logged ORDER BY occurred_at, position LIMIT ${comparedEvents}::int)
        SELECT (SELECT count(*)::int FROM logged) AS count,
          coalesce((SELECT array_agg(c.id ORDER BY c.occurred_at, c.position) FROM compared c
            WHERE NOT EXISTS (SELECT FROM seen WHERE seen.id = c.id)), '{}') AS missing,
          coalesce((SELECT array_agg(seen.id ORDER BY seen.id) FROM seen
            WHERE NOT EXISTS (SELECT FROM events e WHERE e.id = seen.id AND e.client_id = ${clientId})), '{}') AS unknown`);
      const { missing = [], unknown = [], count = 0 } = row ?? {};
      return {
        missingEventIds: missing,
        unknownEventIds: unknown,
        checkedCount: Math.min(count, comparedEvents),
        complete: count <= comparedEvents,
      };
    },
  };
}

function refuseFaults({ since, until, seenEventIds }: ReconciliationQuery): void {
  const faults = [];
  if (seenEventIds.length > mostSeenEvents) {
    faults.push({ path: 'seenEventIds', message: `must be ${mostSeenEvents} at most; ask for a shorter time` });
  }
  if (until !== null && until < since) faults.push({ path: 'until', message: 'must not be before `since`' });
  if (faults.length > 0) throw new InvalidInput(faults);
}
