import { builder } from '../builder.ts';

export const SessionStatus = builder.enumType('SessionStatus', {
  description: 'Where a session stands. The last four are final.',
  values: {
    AWAITING_USER: { description: 'The end user has to act at redirectUrl.' },
    RUNNING: { description: 'The bank is being asked.' },
    COMPLETED: { description: 'Done.' },
    FAILED: { description: 'Ended with an error.' },
    CANCELLED: { description: 'Ended by you or by the end user.' },
    EXPIRED: { description: 'The end user did not come in time.' },
  } as const,
});
