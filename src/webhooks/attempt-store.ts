import { z } from 'zod';
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

const storedAttempt = z.object({
  /** ISO 8601, UTC, to the millisecond. */
  startedAt: z.string(),
  durationMs: z.number(),
  responseStatus: z.number().optional(),
  /** The first bytes of the response body. */
  responseBody: z.string().optional(),
  error: z.string().optional(),
});
const storedAttempts = z.array(storedAttempt);

/** An attempt as it is stored with its delivery; what there was none of is left out. */
export type StoredAttempt = z.infer<typeof storedAttempt>;

/** Every try of a delivery, oldest first. Throws where something else is stored. */
export function attemptsOf({ attempts }: { attempts: Prisma.JsonValue }): StoredAttempt[] {
  return storedAttempts.parse(attempts);
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

// Attempts go as one JSON: the driver is slow at writing long texts into an array literal. `status::text` and `= ANY` keep the
// planner on the primary key: the index of what is pending looks good to it, being empty most of the time. NOT IN lets it
// expect several rows; for the one that it makes of `= 'PENDING'`, it would compare every delivery with every result.
function recordStatement(attempts: readonly AttemptRecord[]): Prisma.Sql {
  return Prisma.sql`
  WITH result AS (
    SELECT * FROM ROWS FROM (
      unnest(${attempts.map((attempt) => attempt.deliveryId)}::text[]), unnest(${attempts.map((attempt) => attempt.fencingToken)}::int[]),
      unnest(${attempts.map((attempt) => attempt.outcome)}::text[]),
      unnest(${attempts.map((attempt) => attempt.finishedAt.toISOString())}::timestamptz[]),
      unnest(${attempts.map((attempt) => attempt.nextAttemptAt?.toISOString() ?? null)}::timestamptz[]),
      jsonb_array_elements(${JSON.stringify(attempts.map(toStored))}::jsonb)
    ) AS r (id, token, outcome, finished_at, next_attempt_at, attempt)
  )
  UPDATE webhook_deliveries d SET
    status = (CASE r.outcome WHEN 'delivered' THEN 'DELIVERED' WHEN 'failed' THEN 'FAILED' ELSE 'PENDING' END)::"DeliveryStatus",
    attempt_count = CASE r.outcome WHEN 'released' THEN d.attempt_count ELSE d.attempt_count + 1 END,
    next_attempt_at = CASE r.outcome WHEN 'released' THEN d.next_attempt_at ELSE r.next_attempt_at END,
    delivered_at = CASE r.outcome WHEN 'delivered'
      THEN coalesce(d.delivered_at, r.finished_at) ELSE d.delivered_at END,
    attempts = CASE r.outcome WHEN 'released' THEN d.attempts ELSE d.attempts || r.attempt END,
    claimed_until = NULL
  FROM result r
  WHERE d.id = ANY (ARRAY (SELECT id FROM result)) AND d.id = r.id AND d.fencing_token = r.token
    AND d.status::text NOT IN ('DELIVERED', 'FAILED')`;
}

// JSON leaves out what is undefined.
function toStored({ startedAt, durationMs, responseStatus, responseBody, error }: AttemptRecord): StoredAttempt {
  return {
    startedAt: startedAt.toISOString(),
    durationMs,
    responseStatus: responseStatus ?? undefined,
    responseBody: responseBody ?? undefined,
    error: error ?? undefined,
  };
}
