import {
  CreateWebhookEndpointDocument,
  DeleteWebhookEndpointDocument,
  DeliveriesDocument,
  type DeliveriesQueryVariables,
  EventsLiveDocument,
  type EventType,
} from '../generated/operations/graphql.ts';
import { type ApiClient, createApiClient, unwrap } from './demo/api-client.ts';
import { type ConnectedUser, connect, listEvents, runCycle, synchronize, until } from './demo/journey.ts';
import { isComplete, type ReportRow, renderReport } from './demo/progress.ts';
import { type Receiver, startReceiver } from './demo/receiver.ts';
import { findOrStartService } from './demo/service.ts';

// npm run demo: plays an API client, end users and a webhook receiver against a running Tidewater, over HTTP and WebSocket
// only. Starts one when there is none. Exit code 1 when anything that should have been delivered is missing.

interface Expected {
  who: string;
  what: string;
  event: string;
  eventId: string;
}

const started = Date.now();
const service = await findOrStartService(process.env);
console.log(`Tidewater at ${service.url}${service.started ? ' (started for this demo)' : ''}\n`);
const receiver = await startReceiver();
const api = createApiClient(service.url, service.apiKey);
let endpointId: string | null = null;
try {
  endpointId = await createEndpoint(api, receiver);
  const seen = new Set<string>();
  await api.subscribe(EventsLiveDocument, ({ events }) => seen.add(events.id));
  const rows = await report(await play(api), { endpointId, seen });
  console.log(`\n${renderReport(rows)}`);
  const missing = rows.filter((row) => !isComplete(row)).length;
  console.log(
    missing === 0
      ? `\nEverything arrived: ${rows.length} events in ${Math.round((Date.now() - started) / 1_000)} s.`
      : `\n${missing} of ${rows.length} events are not complete.`,
  );
  process.exitCode = missing === 0 ? 0 : 1;
} catch (error) {
  console.error(`\nThe demo stopped: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  if (endpointId) await api.run(DeleteWebhookEndpointDocument, { id: endpointId }).catch(() => {});
  await api.close();
  await receiver.close();
  await service.stop();
}

async function createEndpoint(client: ApiClient, { url, verifyWith }: Receiver): Promise<string> {
  const { createWebhookEndpoint } = await client.run(CreateWebhookEndpointDocument, {
    input: { url, description: 'npm run demo' },
  });
  const { endpoint, secret } = unwrap(createWebhookEndpoint);
  verifyWith(secret);
  return endpoint.id;
}

async function play(client: ApiClient): Promise<Expected[]> {
  const expected: Expected[] = [];
  const recurring: ConnectedUser[] = [];
  for (const psuId of ['anna', 'load-1', 'load-2', 'load-3', 'load-4', 'load-5']) {
    console.log(`  ${psuId} connects a bank login`);
    const user = await connect(client, psuId, true);
    recurring.push(user);
    await expectLatest(client, { user, type: 'BANK_LOGIN_CONNECTED', what: 'connected' }, expected);
  }
  console.log('  hugo connects a bank login, without recurring synchronization');
  const hugo = await connect(client, 'hugo', false);
  await expectLatest(client, { user: hugo, type: 'BANK_LOGIN_CONNECTED', what: 'connected' }, expected);

  console.log('  the operator runs a cycle');
  const cycle = await runCycle(client);
  console.log(`  the cycle synchronized ${cycle.usersSynchronized} of ${cycle.usersEnrolled} users`);
  for (const user of recurring) {
    await expectLatest(client, { user, type: 'BANK_LOGIN_SYNCHRONIZED', what: 'cycle' }, expected);
  }

  console.log('  anna is synchronized on request');
  const [anna] = recurring as [ConnectedUser];
  expected.push({
    who: 'anna',
    what: 'manual',
    event: 'BANK_LOGIN_SYNCHRONIZED',
    eventId: (await synchronize(client, anna)).eventId,
  });
  console.log('  hugo is synchronized on request: he consents anew');
  const renewal = await synchronize(client, hugo);
  expected.push({
    who: 'hugo',
    what: renewal.renewed ? 'renewal' : 'manual',
    event: 'BANK_LOGIN_SYNCHRONIZED',
    eventId: renewal.eventId,
  });
  return expected;
}

async function expectLatest(
  client: ApiClient,
  { user, type, what }: { user: ConnectedUser; type: EventType; what: string },
  expected: Expected[],
): Promise<void> {
  const eventId = await until(
    `${type} of ${user.psuId}`,
    async () => (await listEvents(client, user.userId, type)).at(-1) ?? null,
  );
  expected.push({ who: user.psuId, what, event: type, eventId });
}

async function report(
  expected: Expected[],
  { endpointId, seen }: { endpointId: string; seen: ReadonlySet<string> },
): Promise<ReportRow[]> {
  const arrived = async (): Promise<true | null> =>
    expected.every(({ eventId }) => receiver.received.has(eventId) && seen.has(eventId)) ? true : null;
  await until('the last webhook', arrived, 15_000).catch(() => null);
  const statuses = await listDeliveryStatuses(endpointId);
  return expected.map(({ eventId, ...row }) => ({
    ...row,
    webhook: statuses.get(eventId) ?? 'MISSING',
    subscription: seen.has(eventId),
    signature: receiver.received.get(eventId)?.signatureVerified ?? false,
  }));
}

async function listDeliveryStatuses(endpointId: string): Promise<Map<string, string>> {
  const statuses = new Map<string, string>();
  let after: string | null = null;
  do {
    const variables: DeliveriesQueryVariables = { endpointId, first: 100, after };
    const { webhookEndpoint } = await api.run(DeliveriesDocument, variables);
    if (!webhookEndpoint) break;
    const { nodes, pageInfo } = webhookEndpoint.deliveries;
    for (const node of nodes) statuses.set(node.event.id, node.status);
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after);
  return statuses;
}
