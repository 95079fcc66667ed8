import type { LoginStatus } from '../../sync/synchronization-status.ts';
import { builder } from '../builder.ts';
import { PlannedSynchronization } from './planned-synchronization.ts';

export const SynchronizationStatus = builder.enumType('SynchronizationStatus', {
  description: 'How the last attempt to synchronize a login ended.',
  values: {
    OK: { description: 'Synchronized.' },
    SCA_REQUIRED: { description: 'The end user has to consent again at the bank.' },
    SYNC_FAILED: { description: 'The bank could not or would not answer.' },
  } as const,
});

export const SynchronizationTrigger = builder.enumType('SynchronizationTrigger', {
  description: 'What set a synchronization off.',
  values: {
    CONNECT: { description: 'The end user connected the login or renewed its consent.' },
    SCHEDULER: { description: 'A cycle.' },
    MANUAL: { description: 'A synchronization session.' },
  } as const,
});

export const SynchronizationBlock = builder.enumType('SynchronizationBlock', {
  description: 'Why the next cycle will not bring fresh data.',
  values: {
    NOT_RECURRING: { description: 'The user is not recurring, or the consent is a one-off one.' },
    SECRETS_NOT_STORED: { description: 'The end user chose not to have stored what automatic synchronization needs.' },
    CONSENT_MISSING: {
      description: 'There is no consent: none has been granted, or the end user or the bank has ended it.',
    },
    CONSENT_EXPIRED: { description: 'The consent has run out.' },
    SCA_REQUIRED: { description: 'The bank demands SCA.' },
    ACCESS_LIMIT: { description: 'The allowance of accesses without the end user is used up for now.' },
    BANK_UNAVAILABLE: { description: 'The bank has not answered for several attempts, or refuses the service itself.' },
  } as const,
});

const NextAction = builder.enumType('NextAction', {
  description: 'Who has to act, and how.',
  values: {
    NONE: { description: 'Nobody.' },
    WAIT: { description: 'Nobody: it will be tried again, or a session of the login is open already.' },
    CREATE_SYNCHRONIZATION_SESSION: {
      description: 'You: create a synchronization session and send the end user to it.',
    },
    CONTACT_SUPPORT: { description: 'You: ask the operator.' },
  } as const,
});

const SynchronizationAttempt = builder
  .objectRef<NonNullable<LoginStatus['lastAttempt']>>('SynchronizationAttempt')
  .implement({
    description: 'One try to synchronize a login.',
    fields: (t) => ({
      trigger: t.expose('trigger', { type: SynchronizationTrigger, description: 'What set it off.' }),
      startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it began.' }),
      finishedAt: t.expose('finishedAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When it ended; null while it runs.',
      }),
      errorCode: t.exposeString('errorCode', {
        nullable: true,
        description: 'Why it failed, for programs; null if it did not.',
      }),
      errorMessage: t.exposeString('errorMessage', { nullable: true, description: 'Why it failed, for people.' }),
    }),
  });

export const LoginSynchronizationStatus = builder.objectRef<LoginStatus>('LoginSynchronizationStatus').implement({
  description: 'How fresh the data of a login is, what stands in the way, and who has to act.',
  fields: (t) => ({
    status: t.expose('status', { type: SynchronizationStatus, description: 'How the last attempt ended.' }),
    partial: t.exposeBoolean('partial', {
      description: 'The last synchronization brought some accounts and not others: see Account.problem.',
    }),
    active: t.exposeBoolean('active', { description: 'Whether the automatic cycles include this login.' }),
    lastSynchronization: t.expose('lastSynchronization', {
      type: 'DateTime',
      nullable: true,
      description: 'End of the last successful synchronization.',
    }),
    lastAttempt: t.expose('lastAttempt', {
      type: SynchronizationAttempt,
      nullable: true,
      description: 'The last try, successful or not.',
    }),
    consentValidUntil: t.expose('consentValidUntil', {
      type: 'Date',
      nullable: true,
      description: 'The last day of the valid consent; null when there is none.',
    }),
    nextSynchronization: t.expose('nextSynchronization', {
      type: PlannedSynchronization,
      nullable: true,
      description: 'When to expect fresh data; null when the cycles do not include this login.',
    }),
    unattendedAccessesLeft: t.exposeInt('unattendedAccessesLeft', {
      description: 'Accesses without the end user that the bank still allows in the current 24 hours.',
    }),
    blockedBy: t.expose('blockedBy', {
      type: SynchronizationBlock,
      nullable: true,
      description: 'Why the next cycle will not bring fresh data; null when nothing stands in the way.',
    }),
    nextAction: t.expose('nextAction', { type: NextAction, description: 'Who has to act, and how.' }),
  }),
});

builder.queryField('loginsSynchronizationStatus', (t) =>
  t.field({
    type: [LoginSynchronizationStatus],
    description:
      'Get Logins Synchronization Status: one row per bank login of the user, oldest first; none for a user that you do not have.',
    args: { userId: t.arg.id({ required: true, description: "The user's id." }) },
    resolve: async (_root, { userId }, { services, viewer }) => {
      const ids = await services.synchronization.listLoginIds(viewer.clientId, userId);
      return await services.synchronization.listStatus(viewer.clientId, ids);
    },
  }),
);
