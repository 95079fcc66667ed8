import { type IdKind, idKindOf } from '../domain/ids.ts';
import type { EventType } from '../generated/prisma/client.ts';

export const eventTypeNames = {
  BANK_LOGIN_CONNECTED: 'BankLoginConnected',
  BANK_LOGIN_SYNCHRONIZED: 'BankLoginSynchronized',
  BANK_LOGIN_SYNCHRONIZATION_FAILED: 'BankLoginSynchronizationFailed',
  BANK_LOGIN_SCA_REQUIRED: 'BankLoginScaRequired',
  BANK_LOGIN_DELETED: 'BankLoginDeleted',
  CONSENT_EXPIRING: 'ConsentExpiring',
  CONSENT_EXPIRED: 'ConsentExpired',
  USER_DELETED: 'UserDeleted',
  SYNCHRONIZATION_CYCLE_COMPLETED: 'SynchronizationCycleCompleted',
  WEBHOOK_ENDPOINT_DISABLED: 'WebhookEndpointDisabled',
  WEBHOOK_TEST: 'WebhookTest',
} as const satisfies Record<EventType, string>;

// What is left out has an id, and is no Node of the API.
const nodeTypeNames: Partial<Record<IdKind, string>> = {
  client: 'Client',
  apiKey: 'ApiKey',
  user: 'User',
  bank: 'Bank',
  bankLogin: 'BankLogin',
  consent: 'Consent',
  account: 'Account',
  transaction: 'Transaction',
  connectSession: 'ConnectSession',
  managementSession: 'ManagementSession',
  synchronizationSession: 'SynchronizationSession',
  cycle: 'SynchronizationCycle',
  webhookEndpoint: 'WebhookEndpoint',
  webhookDelivery: 'WebhookDelivery',
  auditEntry: 'AuditEntry',
};

/** The GraphQL type of a row with an id: the id's prefix names it, and of an event its type. */
export function typeNameOf(row: { id: string; type?: unknown }): string | undefined {
  const kind = idKindOf(row.id);
  if (kind === 'event') return eventTypeNames[row.type as EventType];
  return kind === null ? undefined : nodeTypeNames[kind];
}
