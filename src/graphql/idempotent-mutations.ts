import type { FirstResult } from '../clients/idempotency.ts';
import type { Context } from './context.ts';

export const idempotencyKeyDescription =
  "Repeating a call with the same key within 24 hours gives the first call's result; other input is a ConflictError.";

interface KeyedMutation<T> {
  mutation: string;
  idempotencyKey: string | null | undefined;
  /** @default 'idempotencyKey' */
  path?: string;
  /** All other arguments. */
  input: unknown;
  work(): Promise<T>;
  /** The answer anew, from what the first call made; null where that is gone. */
  again(first: FirstResult): Promise<T | null>;
}

/** A mutation that makes something once for an idempotencyKey. */
export function doOnce<T>(
  { services, viewer }: Context,
  { mutation, idempotencyKey, path = 'idempotencyKey', input, work, again }: KeyedMutation<T>,
): Promise<T> {
  const call = { clientId: viewer.clientId, mutation, idempotencyKey: idempotencyKey ?? null, path, input };
  return services.idempotency.once(call, work, again);
}

/** What is answered with a secret: a record without one would be another mutation's. */
export function secretOf({ secret }: FirstResult): string {
  if (secret === null) throw new Error('an idempotency record without its secret');
  return secret;
}
