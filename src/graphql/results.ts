import type { ObjectRef } from '@pothos/core';
import { type AppError, Conflict, InvalidInput, LimitReached, NotFound } from '../domain/errors.ts';
import { builder } from './builder.ts';
import { AccessLimitError, ConflictError, NotFoundError, ValidationError } from './types/errors.ts';

type Types = (typeof builder)['$inferSchemaTypes'];

const errorTypes = { ValidationError, NotFoundError, ConflictError, AccessLimitError };
type ErrorName = keyof typeof errorTypes;

/** Null: not an outcome that the caller can act on. */
function nameOfError(value: unknown): ErrorName | null {
  if (value instanceof InvalidInput) return 'ValidationError';
  if (value instanceof NotFound) return 'NotFoundError';
  if (value instanceof Conflict) return 'ConflictError';
  return value instanceof LimitReached ? 'AccessLimitError' : null;
}

/** The union `…Result` of a mutation's `…Payload` and the typed errors that it may end with. */
export function defineResult<Payload extends object>(payload: ObjectRef<Types, Payload>, ...errors: ErrorName[]) {
  return defineNamedResult(payload.name.replace(/Payload$/, 'Result'), payload, errors);
}

/** As defineResult, for a payload that several mutations share. */
export function defineNamedResult<Payload extends object>(
  name: string,
  payload: ObjectRef<Types, Payload>,
  errors: readonly ErrorName[],
) {
  const ref = builder.unionType(name, {
    description: `\`${payload.name}\`, or why it could not be done.`,
    types: [payload, ...errors.map((error) => errorTypes[error])],
    resolveType: (value: unknown) => nameOfError(value) ?? payload.name,
  });
  return {
    ref,
    /** Runs the service call; the failures that the union names become its value, every other one goes on its way. */
    from: async (work: () => Promise<Payload>): Promise<Payload | AppError> => {
      try {
        return await work();
      } catch (error) {
        const outcome = nameOfError(error);
        if (outcome !== null && errors.includes(outcome)) return error as AppError;
        throw error;
      }
    },
  };
}
