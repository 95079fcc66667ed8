import { createHmac, timingSafeEqual } from 'node:crypto';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

/** A webhook receiver that believes nothing without a signature. */
export interface VerifiedReceiver {
  name: string;
  url: string;
  /** Known once the endpoint has been made. */
  verifyWith(secret: string): void;
  /** How often each event, by its id, was received, verified and answered with a 2xx. */
  accepted: Map<string, number>;
  /** Requests in all, and those whose signature was not ours. */
  counts: { received: number; unverified: number };
  stop(): Promise<void>;
}

/** `refuses`: whether the first delivery of an event is answered with 500. */
export async function startVerifiedReceiver(name: string, refuses: () => boolean): Promise<VerifiedReceiver> {
  let key = Buffer.alloc(0);
  const seen = new Set<string>();
  const accepted = new Map<string, number>();
  const counts = { received: 0, unverified: 0 };
  const receiver = await startWebhookReceiver({
    respond({ headers, body }) {
      receiver.received.length = 0;
      counts.received++;
      const id = String(headers['webhook-id']);
      const expected = createHmac('sha256', key).update(`${id}.${headers['webhook-timestamp']}.${body}`).digest();
      const isOurs = String(headers['webhook-signature'])
        .split(' ')
        .some((signature) => {
          const given = Buffer.from(signature.replace(/^v1,/, ''), 'base64');
          return given.length === expected.length && timingSafeEqual(given, expected);
        });
      if (!isOurs) {
        counts.unverified++;
        return 401;
      }
      const isFirst = !seen.has(id);
      seen.add(id);
      if (isFirst && refuses()) return 500;
      accepted.set(id, (accepted.get(id) ?? 0) + 1);
      return 204;
    },
  });
  return {
    name,
    url: receiver.url,
    verifyWith(secret) {
      key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    },
    accepted,
    counts,
    stop: receiver.stop,
  };
}
