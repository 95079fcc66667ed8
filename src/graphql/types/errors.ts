import type { AppError } from '../../domain/errors.ts';
import { Conflict, type FieldFault, InvalidInput, LimitReached, NotFound } from '../../domain/errors.ts';
import { builder } from '../builder.ts';

export const ErrorInterface = builder.interfaceRef<AppError>('Error').implement({
  description: 'Why a mutation did nothing.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'For people; may be reworded.' }),
    code: t.exposeString('code', { description: 'For programs; never reworded.' }),
  }),
});

const FieldError = builder.objectRef<FieldFault>('FieldError').implement({
  description: 'What is wrong with one field of the input.',
  fields: (t) => ({
    path: t.exposeString('path', { description: 'Where in the arguments: `input.headers.0.name`.' }),
    message: t.exposeString('message', { description: 'What the field must be.' }),
  }),
});

export const ValidationError = builder.objectType(InvalidInput, {
  name: 'ValidationError',
  description: 'The input cannot be accepted. Every faulty field is named at once.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    fields: t.field({
      type: [FieldError],
      description: 'The faulty fields.',
      resolve: (error) => [...error.fields],
    }),
  }),
});

export const NotFoundError = builder.objectType(NotFound, {
  name: 'NotFoundError',
  description: "There is no such thing, or it is another client's: the two are not told apart.",
  interfaces: [ErrorInterface],
});

export const ConflictError = builder.objectType(Conflict, {
  name: 'ConflictError',
  description: "The request does not fit the object's present state.",
  interfaces: [ErrorInterface],
});

export const AccessLimitError = builder.objectType(LimitReached, {
  name: 'AccessLimitError',
  description: "The bank's allowance of accesses without the end user is used up.",
  interfaces: [ErrorInterface],
  fields: (t) => ({
    retryAt: t.field({
      type: 'DateTime',
      description: 'When the bank allows the next access without the end user.',
      resolve: (error) => error.retryAt,
    }),
  }),
});
