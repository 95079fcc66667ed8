import type { FieldFault } from '../../domain/errors.ts';
import { builder } from '../builder.ts';
import type { Failure, FailureOf } from '../failure.ts';

const ErrorInterface = builder.interfaceRef<Failure>('Error').implement({
  description: 'Why a mutation did nothing.',
  resolveType: ({ typeName }) => typeName,
  fields: (t) => ({
    message: t.string({ description: 'For people; may be reworded.', resolve: ({ error }) => error.message }),
    code: t.string({ description: 'For programs; never reworded.', resolve: ({ error }) => error.code }),
  }),
});

const FieldError = builder.objectRef<FieldFault>('FieldError').implement({
  description: 'What is wrong with one field of the input.',
  fields: (t) => ({
    path: t.exposeString('path', { description: 'Where in the arguments: `input.headers.0.name`.' }),
    message: t.exposeString('message', { description: 'What the field must be.' }),
  }),
});

export const ValidationError = builder.objectRef<FailureOf<'ValidationError'>>('ValidationError').implement({
  description: 'The input cannot be accepted. Every faulty field is named at once.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    fields: t.field({
      type: [FieldError],
      description: 'The faulty fields.',
      resolve: ({ error }) => [...error.fields],
    }),
  }),
});

export const NotFoundError = builder.objectRef<FailureOf<'NotFoundError'>>('NotFoundError').implement({
  description: "There is no such thing, or it is another client's: the two are not told apart.",
  interfaces: [ErrorInterface],
});

export const ConflictError = builder.objectRef<FailureOf<'ConflictError'>>('ConflictError').implement({
  description: "The request does not fit the object's present state.",
  interfaces: [ErrorInterface],
});

export const AccessLimitError = builder.objectRef<FailureOf<'AccessLimitError'>>('AccessLimitError').implement({
  description: "The bank's allowance of accesses without the end user is used up.",
  interfaces: [ErrorInterface],
  fields: (t) => ({
    retryAt: t.field({
      type: 'DateTime',
      description: 'When the bank allows the next access without the end user.',
      resolve: ({ error }) => error.retryAt,
    }),
  }),
});
