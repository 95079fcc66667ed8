import { NotFound } from '../../domain/errors.ts';
import type { EventData } from '../../events/event-catalogue.ts';
import type { EventRecord } from '../../events/event-record.ts';
import { builder } from '../builder.ts';
import { showAccounts } from '../event-rows.ts';
import { BankLogin } from './bank-login.ts';
import { defineEvent } from './event-node.ts';
import { SynchronizationTrigger } from './login-synchronization-status.ts';
import { SynchronizedAccount } from './synchronized-account.ts';
import { User } from './user.ts';

/** Every field that any event of a login has. */
type LoginEventData = EventData<'BANK_LOGIN_SYNCHRONIZED'> &
  EventData<'BANK_LOGIN_SYNCHRONIZATION_FAILED'> &
  EventData<'BANK_LOGIN_SCA_REQUIRED'> &
  EventData<'CONSENT_EXPIRING'>;

const Connected = defineEvent('BankLoginConnected', 'A bank login was connected; this is its first data.');
const Synchronized = defineEvent('BankLoginSynchronized', 'A bank login was synchronized; this is what changed.');
const Failed = defineEvent('BankLoginSynchronizationFailed', 'An attempt to synchronize a bank login failed.');
const ScaRequired = defineEvent(
  'BankLoginScaRequired',
  'The end user has to consent again at the bank; sent once, until it has been renewed.',
);
const Expiring = defineEvent('ConsentExpiring', 'A consent ends soon: create a synchronization session to renew it.');
const Expired = defineEvent('ConsentExpired', 'A consent has ended.');

for (const ref of [Connected, Synchronized, Failed, ScaRequired, Expiring, Expired]) {
  builder.objectFields(ref, (t) => ({
    user: t.field({
      type: User,
      description: 'Whose login it is, as the user is now.',
      resolve: async ({ userId }, _args, { loaders }) =>
        orThrow(userId && (await loaders.user.load(userId)), 'user', userId),
    }),
    bankLogin: t.field({
      type: BankLogin,
      description: 'The login, as it is now.',
      resolve: async ({ bankLoginId }, _args, { loaders }) =>
        orThrow(bankLoginId && (await loaders.bankLogin.load(bankLoginId)), 'bank login', bankLoginId),
    }),
  }));
}

for (const ref of [Connected, Synchronized]) {
  builder.objectField(ref, 'accounts', (t) =>
    t.field({
      type: [SynchronizedAccount],
      description: 'Every account of the login.',
      resolve: (event, _args, context, info) =>
        showAccounts({ accounts: dataOf(event).accounts, occurredAt: event.occurredAt }, context, info),
    }),
  );
}

for (const ref of [Synchronized, Failed]) {
  builder.objectField(ref, 'trigger', (t) =>
    t.field({
      type: SynchronizationTrigger,
      description: 'What set the synchronization off.',
      resolve: (event) => dataOf(event).trigger,
    }),
  );
}

builder.objectField(Synchronized, 'sequence', (t) =>
  t.int({
    description: '1, 2, 3 … per bank login: a gap means an event was missed.',
    resolve: (event) => dataOf(event).sequence,
  }),
);

builder.objectFields(Failed, (t) => ({
  errorCode: t.string({ description: 'Why, for programs.', resolve: (event) => dataOf(event).errorCode }),
  errorMessage: t.string({ description: 'Why, for people.', resolve: (event) => dataOf(event).errorMessage }),
}));

builder.objectField(ScaRequired, 'reason', (t) =>
  t.string({
    description: 'Why, for programs: the code of what the bank said.',
    resolve: (event) => dataOf(event).reason,
  }),
);

for (const ref of [Expiring, Expired]) {
  builder.objectField(ref, 'validUntil', (t) =>
    t.field({
      type: 'Date',
      description: "The consent's last day.",
      resolve: (event) => dataOf(event).validUntil,
    }),
  );
}

builder.objectField(Expiring, 'daysLeft', (t) =>
  t.int({ description: 'Days from the event to the last day.', resolve: (event) => dataOf(event).daysLeft }),
);

// The catalogue of events has written it in this shape; which fields are there follows from the type.
function dataOf(event: EventRecord): LoginEventData {
  return event.data as unknown as LoginEventData;
}

function orThrow<Row>(row: Row | null | '', what: string, id: string | null): Row {
  if (!row) throw new NotFound(what, id ?? '');
  return row;
}
