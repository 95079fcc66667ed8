import { Conflict, InvalidInput, LimitReached, NotFound } from '../domain/errors.ts';

/** An outcome that the caller can act on. Wrapped: an Error that a resolver returns would count as thrown. */
export type Failure =
  | { typeName: 'ValidationError'; error: InvalidInput }
  | { typeName: 'NotFoundError'; error: NotFound }
  | { typeName: 'ConflictError'; error: Conflict }
  | { typeName: 'AccessLimitError'; error: LimitReached };

export type FailureName = Failure['typeName'];
export type FailureOf<Name extends FailureName> = Extract<Failure, { typeName: Name }>;

/** Null: not an outcome that the caller can act on. */
export function toFailure(error: unknown): Failure | null {
  if (error instanceof InvalidInput) return { typeName: 'ValidationError', error };
  if (error instanceof NotFound) return { typeName: 'NotFoundError', error };
  if (error instanceof Conflict) return { typeName: 'ConflictError', error };
  return error instanceof LimitReached ? { typeName: 'AccessLimitError', error } : null;
}
