import {
  CreateConnectSessionDocument,
  CreateSynchronizationSessionDocument,
  EventsDocument,
  type EventType,
  LoginsSynchronizationStatusDocument,
  RunSynchronizationCycleDocument,
  SynchronizationCyclesDocument,
  type SynchronizationCyclesQuery,
  SynchronizationSessionDocument,
} from '../../generated/operations/graphql.ts';
import { type ApiClient, unwrap } from './api-client.ts';
import { consentAs } from './end-user.ts';
import { createProgressBar } from './progress.ts';

export interface ConnectedUser {
  psuId: string;
  userId: string;
  bankLoginId: string;
}

/** Polls until `probe` gives something; throws after the limit, naming what was waited for. */
export async function until<T>(what: string, probe: () => Promise<T | null>, limitMs = 60_000): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const found = await probe();
    if (found !== null) return found;
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The end user connects the bank login of this person; resolves when the login is there. */
export async function connect(api: ApiClient, psuId: string, recurring: boolean): Promise<ConnectedUser> {
  const externalId = `demo-${psuId}-${Date.now().toString(36)}`;
  const { createConnectSession } = await api.run(CreateConnectSessionDocument, {
    input: { user: { externalId, recurring } },
  });
  const { session } = unwrap(createConnectSession);
  if (!session.redirectUrl) throw new Error(`The session of ${psuId} awaits nobody.`);
  await consentAs(psuId, session.redirectUrl);
  const bankLoginId = await until(`the bank login of ${psuId}`, async () => {
    const { loginsSynchronizationStatus } = await api.run(LoginsSynchronizationStatusDocument, {
      userId: session.user.id,
    });
    return loginsSynchronizationStatus[0]?.bankLogin.id ?? null;
  });
  return { psuId, userId: session.user.id, bankLoginId };
}

type Cycle = SynchronizationCyclesQuery['synchronizationCycles']['nodes'][number];

/** The operator starts an extra cycle; resolves with its counts when it has finished. */
export async function runCycle(api: ApiClient): Promise<Cycle> {
  const { runSynchronizationCycle } = await api.run(RunSynchronizationCycleDocument, {});
  const { cycle } = unwrap(runSynchronizationCycle);
  let bar: ReturnType<typeof createProgressBar> | null = null;
  const finished = await until(
    'the end of the cycle',
    async () => {
      const { synchronizationCycles } = await api.run(SynchronizationCyclesDocument, { first: 1 });
      const now = synchronizationCycles.nodes.find((node) => node.id === cycle.id);
      if (!now) return null;
      bar ??= createProgressBar(now.usersEnrolled);
      bar.update(now.usersSynchronized + now.usersFailed + now.usersSkipped);
      return now.status === 'COMPLETED' ? now : null;
    },
    600_000,
  );
  (bar as ReturnType<typeof createProgressBar> | null)?.stop();
  return finished;
}

/** A manual synchronization; where the end user is needed, he consents as `psuId`. Resolves with the result's event id. */
export async function synchronize(api: ApiClient, user: ConnectedUser): Promise<{ eventId: string; renewed: boolean }> {
  const { createSynchronizationSession } = await api.run(CreateSynchronizationSessionDocument, {
    input: { bankLoginId: user.bankLoginId },
  });
  const { session } = unwrap(createSynchronizationSession);
  if (session.redirectUrl) await consentAs(user.psuId, session.redirectUrl);
  const eventId = await until(`the synchronization of ${user.psuId}`, async () => {
    const { synchronizationSession } = await api.run(SynchronizationSessionDocument, { id: session.id });
    if (!synchronizationSession) throw new Error(`The session of ${user.psuId} is gone.`);
    if (['FAILED', 'CANCELLED', 'EXPIRED'].includes(synchronizationSession.status)) {
      throw new Error(`The session ended ${synchronizationSession.status}: ${synchronizationSession.errorMessage}`);
    }
    return synchronizationSession.event?.id ?? null;
  });
  return { eventId, renewed: session.redirectUrl !== null };
}

/** The user's events of one type, oldest first. */
export async function listEvents(api: ApiClient, userId: string, type: EventType): Promise<string[]> {
  const { events } = await api.run(EventsDocument, { userId, types: [type], first: 50 });
  return events.nodes.map((event) => event.id);
}
