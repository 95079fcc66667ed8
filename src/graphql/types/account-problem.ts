import type { AccountProblem as Problem } from '../../accounts/bank-data-ctes.ts';
import { builder } from '../builder.ts';

export const AccountProblem = builder.objectRef<Problem>('AccountProblem').implement({
  description: 'What a synchronization could not read of an account.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'What it is, for programs.' }),
    message: t.exposeString('message', { description: 'What it is, for people.' }),
    since: t.field({
      type: 'DateTime',
      description: 'Since when it has been so.',
      resolve: ({ since }) => new Date(since),
    }),
  }),
});
