import { GraphQLError, Kind, valueFromASTUntyped } from 'graphql';
import { builder } from './builder.ts';

const dateTimePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/i;
const datePattern = /^\d{4}-\d{2}-\d{2}$/;
const decimalPattern = /^-?\d+(\.\d+)?$/;

builder.scalarType('DateTime', {
  description: 'A moment in RFC 3339, in UTC: `2026-11-23T04:00:00.000Z`. As an input any offset is accepted.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (value) => toDate(value).toISOString(),
  parseValue: (value) => {
    if (typeof value !== 'string' || !dateTimePattern.test(value) || Number.isNaN(Date.parse(value))) {
      throw badInput('DateTime', 'a moment such as 2026-11-23T04:00:00Z');
    }
    return new Date(value);
  },
});

builder.scalarType('Date', {
  description: 'A calendar date in ISO 8601: `2026-11-23`.',
  serialize: (value) => (value instanceof Date ? value.toISOString().slice(0, 10) : String(value)),
  parseValue: (value) => {
    if (typeof value !== 'string' || !isCalendarDate(value)) {
      throw badInput('Date', 'a date such as 2026-11-23');
    }
    return value;
  },
});

builder.scalarType('Decimal', {
  description: 'An exact decimal as a string, never a float: `"-12.50"`.',
  serialize: (value) => String(value),
  parseValue: (value) => {
    if (typeof value !== 'string' || !decimalPattern.test(value))
      throw badInput('Decimal', 'a string such as "-12.50"');
    return value;
  },
});

builder.scalarType('URL', {
  description:
    'An absolute address. What an input may be is said where it is used, and answered with a ValidationError.',
  specifiedByURL: 'https://url.spec.whatwg.org/',
  serialize: (value) => String(value),
  parseValue: (value) => {
    if (typeof value !== 'string') throw badInput('URL', 'a string');
    return value;
  },
});

builder.scalarType('JSON', {
  description: 'Any JSON value.',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) =>
    node.kind === Kind.VARIABLE ? variables?.[node.name.value] : valueFromASTUntyped(node, variables),
});

function toDate(value: unknown): Date {
  return value instanceof Date ? value : new Date(String(value));
}

/** YYYY-MM-DD, and a day that its month has. */
export function isCalendarDate(text: string): boolean {
  if (!datePattern.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  // A day that its month does not have becomes one of the next.
  return date.getUTCDate() === Number(text.slice(-2));
}

function badInput(scalar: string, expected: string): GraphQLError {
  return new GraphQLError(`${scalar} must be ${expected}.`, { extensions: { code: 'BAD_USER_INPUT' } });
}
