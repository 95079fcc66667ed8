import { type Database, Prisma } from '../storage/database.ts';

/** How an attempt ended; `released` when none was made, and the delivery is free to be claimed again. */
export interface AttemptRecord {
  deliveryId: string;
  /** The claim that the attempt was made under: when the delivery has been claimed anew since, nothing is written. */
  fencingToken: number;
  outcome: 'delivered' | 'retry' | 'failed' | 'released';
  startedAt: Date;
  finishedAt: Date;
  durationMs: number;
  responseStatus: number | null;
  responseBody: string | null;
  error: string | null;
  nextAttemptAt: Date | null;
}

export interface AttemptStore {
  /** Writes attempts and what follows for their deliveries, all in one statement. */
  record(attempts: readonly AttemptRecord[]): Promise<void>;
}

export function createAttemptStore(database: Database): AttemptStore {
  return {
    async record(attempts) {
      await database.query(recordStatement(attempts));
    },
  };
}

// Texts go as one JSON: the driver is slow at writing long texts into an array literal. `status::text` and `= ANY` keep the
// planner on the primary key: the index of what is pending looks good to it, being empty most of the time. NOT IN lets it
// expect several rows; for the one that it makes of `= 'PENDING'`, it would compare every delivery with every result.
function recordStatement(attempts: readonly AttemptRecord[]): Prisma.Sql {
  return Prisma.sql`
  WITH result AS (
    SELECT * FROM unnest(
      ${attempts.map((attempt) => attempt.deliveryId)}::text[], ${attempts.map((attempt) => attempt.fencingToken)}::int[],
      ${attempts.map((attempt) => attempt.outcome)}::text[],
      ${attempts.map((attempt) => attempt.startedAt.toISOString())}::timestamptz[],
      ${attempts.map((attempt) => attempt.finishedAt.toISOString())}::timestamptz[],
      ${attempts.map((attempt) => attempt.durationMs)}::int[],
      ${attempts.map((attempt) => attempt.responseStatus)}::int[],
      ${attempts.map((attempt) => attempt.nextAttemptAt?.toISOString() ?? null)}::timestamptz[]
    ) AS r (id, token, outcome, started_at, finished_at, duration_ms, response_status, next_attempt_at)
  ), recorded AS (
    UPDATE webhook_deliveries d SET
      status = (CASE r.outcome WHEN 'delivered' THEN 'DELIVERED' WHEN 'failed' THEN 'FAILED' ELSE 'PENDING' END)::"DeliveryStatus",
      attempt_count = CASE r.outcome WHEN 'released' THEN d.attempt_count ELSE d.attempt_count + 1 END,
      next_attempt_at = CASE r.outcome WHEN 'released' THEN d.next_attempt_at ELSE r.next_attempt_at END,
      delivered_at = CASE r.outcome WHEN 'delivered'
        THEN coalesce(d.delivered_at, r.finished_at) ELSE d.delivered_at END,
      claimed_until = NULL
    FROM result r
    WHERE d.id = ANY (ARRAY (SELECT id FROM result)) AND d.id = r.id AND d.fencing_token = r.token
      AND d.status::text NOT IN ('DELIVERED', 'FAILED')
    RETURNING d.id
  )
  INSERT INTO webhook_attempts (delivery_id, number, started_at, duration_ms, response_status, response_body, error)
  SELECT r.id, 1 + coalesce((SELECT max(a.number) FROM webhook_attempts a WHERE a.delivery_id = r.id), 0),
    r.started_at, r.duration_ms, r.response_status, t.body, t.error
  FROM recorded JOIN result r ON r.id = recorded.id
  LEFT JOIN json_to_recordset(${textsOf(attempts)}::json) AS t (id text, body text, error text) ON t.id = r.id
  WHERE r.outcome <> 'released'`;
}

function textsOf(attempts: readonly AttemptRecord[]): string {
  return JSON.stringify(
    attempts
      .filter(({ responseBody, error }) => responseBody !== null || error !== null)
      .map(({ deliveryId, responseBody, error }) => ({ id: deliveryId, body: responseBody, error })),
  );
}
