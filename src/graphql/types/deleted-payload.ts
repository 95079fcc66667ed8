import { builder } from '../builder.ts';

export const DeletedPayload = builder.objectRef<{ id: string }>('DeletedPayload').implement({
  description: 'It is gone.',
  fields: (t) => ({ id: t.exposeID('id', { description: 'The id that it had.' }) }),
});
