import { idOf } from './client-data.ts';

type Arguments = Readonly<Record<string, unknown>>;

/**
 * Arguments with which each mutation does something, for a client of insertClientData with a count of 3; each takes rows of its own.
 * `key`: the same call twice, where a mutation takes an idempotencyKey.
 */
export function validArguments(tag: string, key: string | null): Readonly<Record<string, Arguments>> {
  const id = (kind: Parameters<typeof idOf>[1], n = 0) => idOf(tag, kind, n);
  const once = key === null ? {} : { idempotencyKey: key };
  return {
    cancelSynchronizationSession: { id: id('synchronizationSession') },
    createApiKey: { clientId: id('client'), name: 'CI', ...once },
    createClient: { name: 'Other', ...once },
    createConnectSession: { input: { user: { recurring: true }, returnUrl: 'http://127.0.0.1:9/', ...once } },
    createManagementSession: { input: { userId: id('user', 1), ...once } },
    createSynchronizationSession: { input: { bankLoginId: id('bankLogin', 1), ...once } },
    createUser: { input: { externalId: 'new', ...once } },
    createWebhookEndpoint: { input: { url: 'http://127.0.0.1:9/new', ...once } },
    deleteBankLogin: { id: id('bankLogin', 2) },
    deleteUser: { id: id('user', 2) },
    deleteWebhookEndpoint: { id: id('webhookEndpoint', 2) },
    recoverDeliveries: { endpointId: id('webhookEndpoint'), since: '2020-01-01T00:00:00Z' },
    redeliver: { deliveryId: id('webhookDelivery') },
    renameClient: { id: id('client'), name: 'Renamed' },
    revokeApiKey: { id: id('apiKey', 2) },
    rotateApiKey: { ...once },
    rotateWebhookSecret: { id: id('webhookEndpoint'), ...once },
    runSynchronizationCycle: { ...once },
    sendTestEvent: { endpointId: id('webhookEndpoint'), ...once },
    updateClient: { returnOrigins: ['https://app.example.com'] },
    updateUser: { input: { id: id('user', 1), externalId: 'other' } },
    updateWebhookEndpoint: { input: { id: id('webhookEndpoint', 1), description: 'Note' } },
  };
}
