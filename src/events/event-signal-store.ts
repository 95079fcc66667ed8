import type { Pool } from 'pg';

export const eventChannel = 'tidewater_events';

export interface LogPosition {
  clientId: string;
  position: bigint;
}

/** Tells every listening process how far these logs have grown, in one statement. */
export async function announce(pool: Pick<Pool, 'query'>, grown: readonly LogPosition[]): Promise<void> {
  await pool.query('SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload', [
    eventChannel,
    grown.map(({ clientId, position }) => `${clientId} ${position}`),
  ]);
}

/** Null for what is none of ours: whoever may connect to the database may notify. */
export function parsePayload(payload: string): LogPosition | null {
  const [, clientId, position] = /^(\S+) (\d{1,18})$/.exec(payload) ?? [];
  return clientId && position ? { clientId, position: BigInt(position) } : null;
}
