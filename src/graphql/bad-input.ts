import { GraphQLError } from 'graphql';

/** Of an argument of a query, which has no result to name it in. */
export function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } });
}
