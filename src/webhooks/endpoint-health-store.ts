import { type Database, Prisma } from '../storage/database.ts';

export interface HealthChange {
  endpointId: string;
  /** Ends the run of failures. */
  hasSucceeded: boolean;
  /** Begins one, when there is none. */
  failedAt: Date | null;
  pausedUntil: Date | null;
}

export interface UnhealthyEndpoint {
  id: string;
  clientId: string;
  failingSince: Date;
  warningCount: number;
}

export interface EndpointHealthStore {
  /** Returns the enabled endpoints among them that are in a run of failures. */
  apply(changes: readonly HealthChange[]): Promise<UnhealthyEndpoint[]>;
  /**
   * The enabled endpoints whose run of failures is longer than the limit at the place of their warning count, with a delivery that
   * has failed since it began and waits to be tried again.
   */
  listOverdue(limitsMs: readonly number[], now: Date): Promise<UnhealthyEndpoint[]>;
  /** False where another process has warned of as much already. */
  setWarningCount(endpointId: string, warningCount: number): Promise<boolean>;
  /** Where a delivery has succeeded since the run of failures began, it begins now; whether that was so. */
  restartRun(endpointId: string, now: Date): Promise<boolean>;
}

export function createEndpointHealthStore(database: Database): EndpointHealthStore {
  return {
    async apply(changes) {
      const rows = await database.query<{
        id: string;
        client_id: string;
        failing_since: Date | null;
        warning_count: number;
        status: string;
      }>(applyStatement(changes));
      return rows.flatMap(({ id, client_id, failing_since, warning_count, status }) =>
        failing_since && status === 'ENABLED'
          ? [{ id, clientId: client_id, failingSince: failing_since, warningCount: warning_count }]
          : [],
      );
    },
    async listOverdue(limitsMs, now) {
      const limits = limitsMs.map((limitMs) => new Date(now.getTime() - limitMs).toISOString());
      return await database.query(Prisma.sql`
        SELECT w.id, w.client_id AS "clientId", w.failing_since AS "failingSince", w.warning_count AS "warningCount"
        FROM webhook_endpoints w
        WHERE w.status = 'ENABLED' AND w.failing_since <= (${limits}::timestamptz[])[w.warning_count + 1] AND EXISTS (
          SELECT 1 FROM webhook_deliveries d
          WHERE d.endpoint_id = w.id AND d.status = 'PENDING' AND d.attempt_count > 0
            AND (d.attempts -> -1 ->> 'startedAt')::timestamptz > w.failing_since)`);
    },
    async setWarningCount(endpointId, warningCount) {
      const rows = await database.query(Prisma.sql`
        UPDATE webhook_endpoints SET warning_count = ${warningCount}
        WHERE id = ${endpointId} AND warning_count < ${warningCount} RETURNING id`);
      return rows.length > 0;
    },
    async restartRun(endpointId, now) {
      const rows = await database.query(Prisma.sql`
        UPDATE webhook_endpoints w SET failing_since = ${now}::timestamptz, warning_count = 0
        WHERE w.id = ${endpointId} AND EXISTS (
          SELECT 1 FROM webhook_deliveries d
          WHERE d.endpoint_id = w.id AND d.status = 'DELIVERED' AND d.delivered_at > w.failing_since)
        RETURNING w.id`);
      return rows.length > 0;
    },
  };
}

// Locked in the order of their ids, so that two processes never wait for each other.
function applyStatement(changes: readonly HealthChange[]): Prisma.Sql {
  const endpointIds = changes.map((change) => change.endpointId);
  return Prisma.sql`
  WITH locked AS (
    SELECT id FROM webhook_endpoints WHERE id = ANY (${endpointIds}::text[]) ORDER BY id FOR NO KEY UPDATE
  )
  UPDATE webhook_endpoints w SET
    failing_since = CASE WHEN c.has_succeeded THEN NULL ELSE coalesce(w.failing_since, c.failed_at) END,
    warning_count = CASE WHEN c.has_succeeded THEN 0 ELSE w.warning_count END,
    paused_until = greatest(w.paused_until, c.paused_until)
  FROM unnest(
    ${endpointIds}::text[], ${changes.map((change) => change.hasSucceeded)}::boolean[],
    ${changes.map((change) => change.failedAt?.toISOString() ?? null)}::timestamptz[],
    ${changes.map((change) => change.pausedUntil?.toISOString() ?? null)}::timestamptz[]
  ) AS c (id, has_succeeded, failed_at, paused_until)
  WHERE w.id = c.id AND w.id = ANY (ARRAY (SELECT id FROM locked))
  RETURNING w.id, w.client_id, w.failing_since, w.warning_count, w.status::text`;
}
