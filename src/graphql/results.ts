import type { ObjectRef } from '@pothos/core';
import { builder } from './builder.ts';
import { type Failure, type FailureName, toFailure } from './failure.ts';
import { AccessLimitError, ConflictError, NotFoundError, ValidationError } from './types/errors.ts';

type Types = (typeof builder)['$inferSchemaTypes'];

const errorTypes = { ValidationError, NotFoundError, ConflictError, AccessLimitError };

/** The union `…Result` of a mutation's `…Payload` and the typed errors that it may end with. */
export function defineResult<Payload extends object>(payload: ObjectRef<Types, Payload>, ...errors: FailureName[]) {
  return defineNamedResult(payload.name.replace(/Payload$/, 'Result'), payload, errors);
}

/** As defineResult, for a payload that several mutations share. */
export function defineNamedResult<Payload extends object>(
  name: string,
  payload: ObjectRef<Types, Payload>,
  errors: readonly FailureName[],
) {
  const ref = builder.unionType(name, {
    description: `\`${payload.name}\`, or why it could not be done.`,
    types: [payload, ...errors.map((error) => errorTypes[error])],
    resolveType: (value: unknown) => (isFailure(value) ? value.typeName : payload.name),
  });
  return {
    ref,
    /** Runs the service call; the failures that the union names become its value, every other one goes on its way. */
    from: async (work: () => Promise<Payload>): Promise<Payload | Failure> => {
      try {
        return await work();
      } catch (error) {
        const failure = toFailure(error);
        if (failure && errors.includes(failure.typeName)) return failure;
        throw error;
      }
    },
  };
}

function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'typeName' in value;
}
