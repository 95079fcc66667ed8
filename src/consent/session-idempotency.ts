import { createHash } from 'node:crypto';
import { Conflict, type FieldFault } from '../domain/errors.ts';
import type { Session, SessionStore } from './session-store.ts';

/** A call that makes a session of its kind; repeated with the same key and input, it is answered with the first one's. */
export interface KeyedCall {
  clientId: string;
  kind: Session['kind'];
  input: { idempotencyKey: string | null };
}

/** What a session remembers of the call that made it. */
export interface CallMark {
  idempotencyKey: string | null;
  idempotencyHash: string | null;
}

/**
 * The session that an earlier call with the same key made, or else a new one. The key comes before every check of the input: what
 * was accepted once is answered again, whatever has changed since. Throws Conflict for the same key with different input.
 */
export async function createOnce(
  store: Pick<SessionStore, 'findByIdempotencyKey'>,
  { clientId, kind, input }: KeyedCall,
  create: (mark: CallMark) => Promise<Session>,
): Promise<Session> {
  const { idempotencyKey } = input;
  if (idempotencyKey === null) return await create({ idempotencyKey, idempotencyHash: null });
  const idempotencyHash = createHash('sha256').update(JSON.stringify(input)).digest('hex');

  async function findRepeated(key: string): Promise<Session | null> {
    const first = await store.findByIdempotencyKey(clientId, kind, key);
    if (!first || first.idempotencyHash === idempotencyHash) return first;
    throw new Conflict('IDEMPOTENCY_KEY_REUSED', 'This idempotency key was used before, with different input.');
  }

  const repeated = await findRepeated(idempotencyKey);
  if (repeated) return repeated;
  try {
    return await create({ idempotencyKey, idempotencyHash });
  } catch (error) {
    // The same call, sent twice at the same moment: the other one was first.
    const first = await findRepeated(idempotencyKey);
    if (first) return first;
    throw error;
  }
}

const longestKey = 200;

/** What is wrong with a key for idempotency, as a fault of the input. */
export function findKeyFaults(key: string | null): FieldFault[] {
  if (key === null || (key !== '' && key.length <= longestKey)) return [];
  return [{ path: 'input.idempotencyKey', message: `must have 1 to ${longestKey} characters` }];
}
