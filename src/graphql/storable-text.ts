import { GraphQLError } from 'graphql';
import { variablesDepth } from './limits.ts';

/** PostgreSQL has no place for U+0000 in text, not even in what is searched for: told here, once for every argument. */
export function refuseNul(http: object = { status: 400 }): GraphQLError {
  return new GraphQLError('Text must not hold the character U+0000.', {
    extensions: { code: 'BAD_USER_INPUT', http },
  });
}

/**
 * The refusal of variables that nobody can work with, or null: with a text that cannot be stored, or nested so deep that whoever
 * walks through them by calling itself runs out of stack.
 */
export function refuseVariables(variables: unknown): GraphQLError | null {
  // Level by level, and not by calling itself.
  let level: unknown[] = [variables];
  for (let depth = 0; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value === 'string' && value.includes('\0')) return refuseNul();
      if (typeof value !== 'object' || value === null) continue;
      if (depth > variablesDepth) return refuseDepth();
      for (const inner of Object.values(value)) next.push(inner);
    }
    level = next;
  }
  return null;
}

function refuseDepth(): GraphQLError {
  return new GraphQLError(`Variables are nested more than ${variablesDepth} levels deep.`, {
    extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } },
  });
}

/** Of the text of a document: as the character itself, or escaped. */
export function documentHoldsNul(text: string): boolean {
  return /\0|\\u(0000|\{0+\})/.test(text);
}
