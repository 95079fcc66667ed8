import { Prisma } from '../storage/database.ts';

/**
 * Makes the deliveries of the events in the CTE `new_event`: one for every enabled endpoint of the client that takes the
 * type. A disabled endpoint gets none; recoverDeliveries makes them later. Both ids are known, so that the delivery's is
 * too: it sorts by the event's time.
 *
 * The statement may have waited for the log while an endpoint was enabled: its row is locked before the status is looked at, for
 * then its newest version counts. OFFSET keeps the planner from looking at it earlier.
 */
export const fanOutSql: Prisma.Sql = Prisma.sql`
  INSERT INTO webhook_deliveries
    (id, client_id, endpoint_id, event_id, bank_login_id, position, next_attempt_at, created_at)
  SELECT 'whd_' || substr(e.id, 5, 10) || substr(md5(e.id || w.id), 1, 16),
    e.client_id, w.id, e.id, e.bank_login_id, e.position, e.occurred_at, e.occurred_at
  FROM new_event e
  CROSS JOIN LATERAL (
    SELECT id, status, types FROM webhook_endpoints WHERE client_id = e.client_id OFFSET 0 FOR KEY SHARE
  ) w
  WHERE w.status = 'ENABLED'
    AND CASE e.type
      WHEN 'WEBHOOK_TEST' THEN w.id = e.endpoint_id
      WHEN 'WEBHOOK_ENDPOINT_DISABLED' THEN w.id IS DISTINCT FROM e.endpoint_id
        AND (cardinality(w.types) = 0 OR e.type = ANY (w.types))
      ELSE cardinality(w.types) = 0 OR e.type = ANY (w.types)
    END`;
