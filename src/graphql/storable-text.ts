import { GraphQLError } from 'graphql';

/** PostgreSQL has no place for U+0000 in text, not even in what is searched for: told here, once for every argument. */
export function refuseNul(http: object = { status: 400 }): GraphQLError {
  return new GraphQLError('Text must not hold the character U+0000.', {
    extensions: { code: 'BAD_USER_INPUT', http },
  });
}

export function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsNul);
}

/** Of the text of a document: as the character itself, or escaped. */
export function documentHoldsNul(text: string): boolean {
  return /\0|\\u(0000|\{0+\})/.test(text);
}
