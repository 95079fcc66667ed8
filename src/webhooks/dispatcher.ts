import type { Clock } from '../domain/clock.ts';
import type { EventLog } from '../events/event-log.ts';
import type { EventSignal } from '../events/event-signal.ts';
import type { Database } from '../storage/database.ts';
import type { Encryption } from '../storage/encryption.ts';
import { parseNetworks } from './address-guard.ts';
import { createAttemptStore } from './attempt-store.ts';
import type { ClientCertificate } from './client-certificate.ts';
import { giveBackDelivery, type MadeAttempt, makeAttempt } from './delivery-attempt.ts';
import { healthLookMs } from './delivery-limits.ts';
import type { DeliveryLog } from './delivery-log.ts';
import { createDeliveryStore } from './delivery-store.ts';
import { createJwsSigner } from './detached-jws.ts';
import { createDispatchLoop } from './dispatch-loop.ts';
import type { DocumentRunner } from './document-runner.ts';
import { createDisableEndpoint } from './endpoint-disabling.ts';
import { createEndpointHealth } from './endpoint-health.ts';
import { createEndpointHealthStore } from './endpoint-health-store.ts';
import { createEndpointSecrets } from './endpoint-secrets.ts';
import { createEndpointStore } from './endpoint-store.ts';
import type { Resolve } from './name-resolution.ts';
import { createPayloads } from './payload.ts';
import { createResultRecorder } from './result-recorder.ts';
import { createSigningKeys } from './signing-keys.ts';
import { createWebhookSender } from './webhook-sender.ts';

export interface DispatcherDeps {
  database: Database;
  clock: Clock;
  eventLog: EventLog;
  signal: EventSignal;
  encryption: Encryption;
  documents: DocumentRunner;
  /** Without a slash at the end: what detached JWS name as their issuer. */
  publicUrl(): string;
  /** In CIDR notation: networks that webhooks may be sent into although they are not public. */
  allowedNetworks: readonly string[];
  /** Whether attempts keep what addresses that are not public answer. @default true */
  keepsLocalReplies?: boolean;
  log: DeliveryLog;
  /** Spreads the retries. @default Math.random */
  random?: () => number;
  /** @default one of its own */
  resolve?: Resolve;
  /** What receivers that ask for a certificate are shown. @default none */
  clientCertificate?: ClientCertificate | null;
  /** @default 15 s */
  attemptTimeoutMs?: number;
}

export interface Dispatcher {
  /** Begins to deliver: at once what an event signal tells of, within a second what becomes due. */
  start(): void;
  /** Claims no more, gives back what was not sent, waits for the attempts in flight and their recording. */
  stop(): Promise<void>;
  /** For tests, instead of start: delivers all that is due by the clock, resolves when it is recorded and what fails is looked at. */
  drain(): Promise<void>;
}

/** Delivers webhooks: claims what is due, signs, sends, records; retries by the schedule. Any number of processes may. */
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const { database, clock, eventLog, encryption, log } = deps;
  const deliveryStore = createDeliveryStore(database);
  const disable = createDisableEndpoint({ store: createEndpointStore(database), eventLog, clock, log });
  const health = createEndpointHealth({ store: createEndpointHealthStore(database), disable, clock, log });
  const sender = createWebhookSender({
    networks: parseNetworks(deps.allowedNetworks),
    ...(deps.keepsLocalReplies !== undefined && { keepsLocalReplies: deps.keepsLocalReplies }),
    clientCertificate: deps.clientCertificate ?? null,
    ...(deps.resolve && { resolve: deps.resolve }),
    ...(deps.attemptTimeoutMs && { timeoutMs: deps.attemptTimeoutMs }),
  });
  const attemptDeps = {
    payloads: createPayloads({ loadEventData: deliveryStore.loadEventData, documents: deps.documents }),
    secrets: createEndpointSecrets(encryption),
    jws: createJwsSigner({ keys: createSigningKeys(deps), issuer: deps.publicUrl }),
    sender,
    clock,
    random: deps.random ?? Math.random,
  };

  const recorder = createResultRecorder<MadeAttempt>({
    store: createAttemptStore(database),
    log,
    async onRecorded(attempts) {
      try {
        await health.note(attempts.flatMap(({ sign }) => sign ?? []));
      } finally {
        loop.letGo(attempts.map(({ endpointId }) => endpointId));
      }
    },
  });

  const loop = createDispatchLoop({
    store: deliveryStore,
    clock,
    log,
    async attempt(delivery) {
      const made = await makeAttempt(delivery, attemptDeps);
      recorder.add(made);
      if (made.sign?.pausedUntil || made.sign?.isGone) return 'stop';
      return made.outcome === 'delivered' ? 'delivered' : 'failed';
    },
    giveBack: (delivery) => recorder.add(giveBackDelivery(delivery)),
  });

  async function lookAtHealth(): Promise<void> {
    await health.lookAtOverdue().catch((error: unknown) => {
      log.error({ err: error }, 'failing webhook endpoints could not be looked at');
    });
  }

  let unsubscribe = (): void => {};
  let healthTimer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  return {
    start() {
      unsubscribe = deps.signal.subscribe((clientId) => loop.noteEvents(clientId));
      loop.start();
      healthTimer = setInterval(() => {
        looking = lookAtHealth();
      }, healthLookMs);
    },
    async stop() {
      unsubscribe();
      clearInterval(healthTimer);
      await looking;
      await loop.stop();
      await recorder.settled();
      await sender.close();
    },
    async drain() {
      await loop.drain();
      await recorder.settled();
      await lookAtHealth();
    },
  };
}
