import type { ExecutionResult, GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import { mapError } from '../graphql/error-mapping.ts';
import { isLongerThanMessage, tooLong } from '../graphql/message-length.ts';

/** Logs what the caller is not told, and makes of a result what the caller gets. */
export type ResultMapper = (result: ExecutionResult, requestId: string) => ExecutionResult;

export function createResultMapper(logger: Logger): ResultMapper {
  return (result, requestId) => {
    if (!result.errors || result.errors.length === 0) return result;
    const errors = result.errors.map((error) => mapOne(error, requestId, logger));
    if (result.data == null) for (const error of errors) if (isInternal(error)) error.extensions.http = { status: 500 };
    return { ...result, errors };
  };
}

/** For where there is no status and no header: sockets, and streams that have begun. */
export function withoutStatus(mapResult: ResultMapper): ResultMapper {
  return (result, requestId) => {
    const mapped = mapResult(result, requestId);
    for (const { extensions } of mapped.errors ?? []) delete extensions.http;
    return mapped;
  };
}

/** The result, or an error in its place where it is longer than a message may be. */
export function withinMessage(result: ExecutionResult): ExecutionResult {
  return isLongerThanMessage(JSON.stringify(result)) ? { errors: [tooLong()], data: null } : result;
}

// Where nothing is left of the answer, the status tells it too.
function isInternal({ extensions }: GraphQLError): boolean {
  return extensions.code === 'INTERNAL_SERVER_ERROR' && extensions.http === undefined;
}

function mapOne(error: GraphQLError, requestId: string, logger: Logger): GraphQLError {
  const mapped = mapError(error, requestId);
  if (mapped.unexpected !== null) {
    logger.error(
      { err: mapped.unexpected, requestId, path: error.path?.join('.') },
      'unexpected error in an operation',
    );
  }
  return mapped.error;
}
