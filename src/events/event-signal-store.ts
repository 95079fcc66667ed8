import type { Pool } from 'pg';

export const eventChannel = 'tidewater_events';

export interface LogPosition {
  clientId: string;
  position: bigint;
}

export interface Announcement extends LogPosition {
  /** Of the process that announces: it hears itself too. */
  origin: string;
}

/** Tells every listening process how far these logs have grown, in one statement. */
export async function announce(
  pool: Pick<Pool, 'query'>,
  { grown, origin }: { grown: readonly LogPosition[]; origin: string },
): Promise<void> {
  await pool.query('SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload', [
    eventChannel,
    grown.map(({ clientId, position }) => `${clientId} ${position} ${origin}`),
  ]);
}

/** Null for what is none of ours: whoever may connect to the database may notify. */
export function parsePayload(payload: string): Announcement | null {
  const [, clientId, position, origin] = /^(\S+) (\d{1,18}) (\S+)$/.exec(payload) ?? [];
  return clientId && position && origin ? { clientId, position: BigInt(position), origin } : null;
}
