import { createHmac, randomBytes } from 'node:crypto';
import { Pool } from 'undici';

/** What every contestant sends, as the event that it is made from. */
export interface Message {
  id: string;
  type: string;
  timestamp: Date;
  data: object;
}

/** Makes body and signature and posts them, as a process does that keeps nothing of it. */
export interface BareSender {
  send(message: Message): Promise<void>;
  close(): Promise<void>;
}

export function createBareSender(origin: string): BareSender {
  const pool = new Pool(origin, { connections: 50 });
  const key = randomBytes(32);
  return {
    async send({ id, type, timestamp, data }) {
      const body = Buffer.from(JSON.stringify({ type, timestamp, data: { id, ...data } }));
      const sentAt = String(Math.floor(Date.now() / 1000));
      const signature = createHmac('sha256', key).update(`${id}.${sentAt}.`).update(body).digest('base64');
      const headers = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': sentAt,
        'webhook-signature': `v1,${signature}`,
      };
      const response = await pool.request({ path: '/webhook', method: 'POST', headers, body });
      await response.body.dump();
      if (response.statusCode !== 204) throw new Error(`The receiver answered ${response.statusCode}.`);
    },
    close: () => pool.close(),
  };
}

/** So many of these at a time, over all of them. */
export async function inLanes<T>(
  items: readonly T[],
  laneCount: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: laneCount }, lane));
}
