import { z } from 'zod';
import { accountFields } from '../domain/account-fields.ts';
import { balanceFields, balanceRecordFields } from '../domain/balance-fields.ts';
import type { SparseValuesOf } from '../domain/field-table.ts';
import { transactionTable } from '../domain/transaction-fields.ts';
import { EventType } from '../generated/prisma/enums.ts';
import { eventExamples } from './event-examples.ts';
import { toFieldSchema } from './field-schema.ts';

const id = z.string().min(1);
const dateTime = z.iso.datetime();
const date = z.iso.date();
/** An account in event data, as it was. */
export type AccountData = SparseValuesOf<typeof accountFields> & {
  id: string;
  state: 'AVAILABLE' | 'BLOCKED' | 'GONE';
};

/** A transaction in event data, as it was. */
export type TransactionData = SparseValuesOf<typeof transactionTable> & {
  id: string;
  accountId: string;
};

const user = z.object({ id, externalId: z.string().nullable() });
const bankLogin = z.object({ id, bank: z.object({ id, name: z.string() }) });

const balanceTable = { ...balanceFields, ...balanceRecordFields } as const;
export type BalanceData = SparseValuesOf<typeof balanceTable>;

const balanceData = toFieldSchema<BalanceData>(balanceTable);
const transactionData = toFieldSchema<TransactionData>(transactionTable, { id, accountId: id });
const accountData = toFieldSchema<AccountData>(accountFields, {
  id,
  state: z.enum(['AVAILABLE', 'BLOCKED', 'GONE']).optional(),
});
const problem = z.object({ code: z.string(), message: z.string(), since: dateTime });

const countOf = (list: string) =>
  z
    .int()
    .nonnegative()
    .optional()
    .describe(`How many rows ${list} would have had. Left out where no list is cut: as many as it has.`);

export const synchronizedAccount = z
  .object({
    account: accountData,
    balances: z.array(balanceData),
    newTransactions: z.array(transactionData),
    updatedTransactions: z.array(transactionData),
    removedTransactionIds: z.array(id),
    problem: problem
      .nullable()
      .optional()
      .describe('What could not be read of the account; null when it was read whole.'),
    skippedRows: z.int().nonnegative().optional().describe("Rows of the bank's reply that could not be read."),
    newTransactionCount: countOf('newTransactions'),
    updatedTransactionCount: countOf('updatedTransactions'),
    removedTransactionCount: countOf('removedTransactionIds'),
    truncated: z
      .boolean()
      .optional()
      .describe(
        'Lists above are cut; the query transactionChanges(eventId:) has the rest. Left out where they are whole.',
      ),
  })
  .describe('An account as this synchronization left it, with what changed since the one before.');

const trigger = z.enum(['CONNECT', 'SCHEDULER', 'MANUAL']);
const ofLogin = { user, bankLogin };

const cycle = z.object({
  id,
  opensAt: dateTime,
  closesAt: dateTime,
  status: z.enum(['RUNNING', 'COMPLETED']),
  startedAt: dateTime,
  finishedAt: dateTime.nullable(),
  usersEnrolled: z.int().nonnegative(),
  usersSynchronized: z.int().nonnegative(),
  usersFailed: z.int().nonnegative(),
  usersSkipped: z.int().nonnegative(),
});

const schemas = {
  BANK_LOGIN_CONNECTED: z.object({ ...ofLogin, accounts: z.array(synchronizedAccount) }),
  BANK_LOGIN_SYNCHRONIZED: z.object({
    ...ofLogin,
    trigger,
    sequence: z.int().positive().describe('1, 2, 3 … per bank login: a gap means an event was missed.'),
    accounts: z.array(synchronizedAccount),
  }),
  BANK_LOGIN_SYNCHRONIZATION_FAILED: z.object({ ...ofLogin, trigger, errorCode: z.string(), errorMessage: z.string() }),
  BANK_LOGIN_SCA_REQUIRED: z.object({ ...ofLogin, reason: z.string() }),
  BANK_LOGIN_DELETED: z.object({ userId: id, bankLoginId: id }),
  CONSENT_EXPIRING: z.object({ ...ofLogin, validUntil: date, daysLeft: z.int().nonnegative() }),
  CONSENT_EXPIRED: z.object({ ...ofLogin, validUntil: date }),
  USER_DELETED: z.object({ userId: id, externalId: z.string().nullable() }),
  SYNCHRONIZATION_CYCLE_COMPLETED: z.object({ cycle }),
  WEBHOOK_ENDPOINT_DISABLED: z.object({ endpoint: z.object({ id, url: z.url() }).nullable(), reason: z.string() }),
  WEBHOOK_TEST: z.object({ message: z.string() }),
} satisfies Record<EventType, z.ZodType>;

/**
 * The event's own fields, with the names and the nesting of the public API. What is absent is null; fields of bank data that came with
 * a later release than the first are left out then (`leaveOutAbsent`).
 */
export type EventData<T extends EventType = EventType> = z.infer<(typeof schemas)[T]>;
export type SynchronizedAccountData = z.infer<typeof synchronizedAccount>;

const descriptions: Record<EventType, string> = {
  BANK_LOGIN_CONNECTED: 'A bank login has been connected and its data fetched for the first time.',
  BANK_LOGIN_SYNCHRONIZED: 'A bank login has been synchronized; carries what changed since the event before.',
  BANK_LOGIN_SYNCHRONIZATION_FAILED: 'A synchronization failed; the data is as it was.',
  BANK_LOGIN_SCA_REQUIRED: 'The end user must consent anew at the bank before this login can be synchronized again.',
  BANK_LOGIN_DELETED: 'A bank login and all its data have been deleted.',
  CONSENT_EXPIRING: 'A consent ends soon: have the end user renew it.',
  CONSENT_EXPIRED: 'A consent has ended.',
  USER_DELETED: 'A user and everything that held its data have been erased.',
  SYNCHRONIZATION_CYCLE_COMPLETED: 'A cycle has finished; says how many of your users it synchronized.',
  WEBHOOK_ENDPOINT_DISABLED: 'A webhook endpoint has been disabled; its events are kept.',
  WEBHOOK_TEST: 'Sent on request, to try an endpoint out.',
};

export interface EventDefinition<T extends EventType = EventType> {
  type: T;
  /** As written on the wire: bank_login.synchronized. */
  name: string;
  description: string;
  data: (typeof schemas)[T];
  example: EventData<T>;
}

/** On the wire a type is the noun in lower case, a dot, and what happened to it. */
export const eventNames = {
  BANK_LOGIN_CONNECTED: 'bank_login.connected',
  BANK_LOGIN_SYNCHRONIZED: 'bank_login.synchronized',
  BANK_LOGIN_SYNCHRONIZATION_FAILED: 'bank_login.synchronization_failed',
  BANK_LOGIN_SCA_REQUIRED: 'bank_login.sca_required',
  BANK_LOGIN_DELETED: 'bank_login.deleted',
  CONSENT_EXPIRING: 'consent.expiring',
  CONSENT_EXPIRED: 'consent.expired',
  USER_DELETED: 'user.deleted',
  SYNCHRONIZATION_CYCLE_COMPLETED: 'synchronization_cycle.completed',
  WEBHOOK_ENDPOINT_DISABLED: 'webhook_endpoint.disabled',
  WEBHOOK_TEST: 'webhook.test',
} as const satisfies Record<EventType, string>;

/** Every event type: its name on the wire, what it means, its fields and an example. */
export const eventCatalogue = Object.fromEntries(
  Object.values(EventType).map((type) => [
    type,
    {
      type,
      name: eventNames[type],
      description: descriptions[type],
      data: schemas[type],
      example: eventExamples[type],
    },
  ]),
) as unknown as { [T in EventType]: EventDefinition<T> };
