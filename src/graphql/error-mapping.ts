import { GraphQLError } from 'graphql';
import { AppError, InvalidInput } from '../domain/errors.ts';

type Extensions = Record<string, unknown>;

export interface MappedError {
  error: GraphQLError;
  /** What really happened, for the log, when the caller is told nothing of it; else null. */
  unexpected: unknown;
}

/**
 * What the caller is told. An AppError shows its code and message; a GraphQLError made on purpose passes; everything
 * else is masked, with the request's id to ask the operator about.
 */
export function mapError(error: GraphQLError, requestId: string): MappedError {
  const cause = rootOf(error);
  if (cause instanceof AppError) {
    const fields = cause instanceof InvalidInput ? { fields: cause.fields } : {};
    return {
      error: restate(error, cause.message, { code: cause.code, ...cause.details, ...fields, requestId }),
      unexpected: null,
    };
  }
  if (cause instanceof GraphQLError) {
    // The outer one says where: in which variable, and at which of its fields.
    const extensions = { code: 'BAD_REQUEST', ...cause.extensions, ...error.extensions, requestId };
    return { error: restate(error, error.message, extensions), unexpected: null };
  }
  return {
    error: restate(error, 'Unexpected error.', { code: 'INTERNAL_SERVER_ERROR', requestId }),
    unexpected: cause,
  };
}

function rootOf(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError ? rootOf(error.originalError) : error;
}

function restate(
  { nodes, source, positions, path }: GraphQLError,
  message: string,
  extensions: Extensions,
): GraphQLError {
  return new GraphQLError(message, {
    extensions,
    ...(nodes && { nodes }),
    ...(source && { source }),
    ...(positions && { positions }),
    ...(path && { path }),
  });
}
