import type { Clock } from '../domain/clock.ts';
import { type FieldFault, InvalidInput, NotFound } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { Page } from '../domain/page.ts';
import type { EventLog } from '../events/event-log.ts';
import type { EventSignal } from '../events/event-signal.ts';
import { callScopes } from '../storage/call-scope.ts';
import type { Database } from '../storage/database.ts';
import type { Encryption } from '../storage/encryption.ts';
import { parseNetworks } from './address-guard.ts';
import { endpointsPerClient } from './delivery-limits.ts';
import type { DeliveryLog } from './delivery-log.ts';
import { createJwsSigner, jwksPath } from './detached-jws.ts';
import { checkDocuments } from './document-check.ts';
import type { DocumentRunner } from './document-runner.ts';
import { createDisableEndpoint } from './endpoint-disabling.ts';
import { disabledReasons } from './endpoint-health.ts';
import { findEndpointFaults, type NewWebhookEndpoint, type WebhookEndpointChange } from './endpoint-input.ts';
import { createEndpointSecrets } from './endpoint-secrets.ts';
import { createEndpointStore, type WebhookEndpoint } from './endpoint-store.ts';
import { createNameResolution, type Resolve } from './name-resolution.ts';
import { createRedelivery, type Redelivery } from './redelivery.ts';
import { createRedeliveryStore } from './redelivery-store.ts';
import { generateSecret, verificationKey } from './signing.ts';
import { createSigningKeys, type JwkSet } from './signing-keys.ts';

export interface WebhookEndpointsDeps {
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
  log: DeliveryLog;
  /** @default one of its own */
  resolve?: Resolve;
}

/** Where events are delivered. Faulty input throws InvalidInput with every fault; what is not the client's, NotFound. */
export interface WebhookEndpoints extends Redelivery {
  find(clientId: string, id: string): Promise<WebhookEndpoint | null>;
  /** In no order; what is not the client's is left out. */
  listByIds(clientId: string, ids: readonly string[]): Promise<WebhookEndpoint[]>;
  /** Oldest first. */
  list(clientId: string, page: Page): Promise<WebhookEndpoint[]>;
  /** The secret is given here and never again; of Ed25519 the public key, of a JWS the address of the public keys. */
  create(clientId: string, input: NewWebhookEndpoint): Promise<{ endpoint: WebhookEndpoint; secret: string }>;
  /** Disabling keeps what is pending; enabling goes on with it and forgets earlier failures. */
  update(clientId: string, id: string, change: WebhookEndpointChange): Promise<WebhookEndpoint>;
  delete(clientId: string, id: string): Promise<void>;
  /** The secrets before sign beside the new one for so many seconds, 0 to 7 days; no more than 5 sign at a time. */
  rotateSecret(
    clientId: string,
    id: string,
    overlapSeconds: number,
  ): Promise<{ endpoint: WebhookEndpoint; secret: string }>;
  /** The `whpk_` key that deliveries are verified with; null for an endpoint that signs with a shared secret. */
  publicKey(endpoint: Pick<WebhookEndpoint, 'id' | 'signatureAlgorithm' | 'secrets'>): string | null;
  /** The public keys that detached JWS are verified with. */
  jwks(): Promise<JwkSet>;
  /** At start: marks and reports the documents that no longer fit the schema; returns how many do not. */
  checkDocuments(): Promise<number>;
}

const longestOverlapSeconds = 604_800;
/** Each is a signature more in every request. */
const mostSigningSecrets = 5;
const noSecretOfItsOwn = `has no secret of its own: the operator rotates the keys at ${jwksPath}`;

export function createWebhookEndpoints(deps: WebhookEndpointsDeps): WebhookEndpoints {
  const { clock, eventLog, documents, log } = deps;
  const store = createEndpointStore(deps.database);
  const secrets = createEndpointSecrets(deps.encryption);
  const signingKeys = createSigningKeys(deps);
  const jws = createJwsSigner({ keys: signingKeys, issuer: deps.publicUrl });
  const disable = createDisableEndpoint({ store, eventLog, clock, log });
  const rules = {
    documents,
    networks: parseNetworks(deps.allowedNetworks),
    resolve: deps.resolve ?? createNameResolution(),
  };
  const redelivery = createRedelivery({
    clock,
    eventLog,
    documents,
    secrets,
    jws,
    signal: deps.signal,
    endpoints: store,
    store: createRedeliveryStore(deps.database),
  });

  async function setStatus(clientId: string, id: string, status: 'ENABLED' | 'DISABLED'): Promise<void> {
    if (status === 'DISABLED') {
      return await callScopes.runStep('endpoint.disabled', () => disable({ clientId, id }, disabledReasons.manual));
    }
    await callScopes.runStep('endpoint.enabled', () => store.enable(clientId, id, clock.now()));
    await redelivery.wakeDispatchers(clientId);
  }

  return {
    ...redelivery,
    find: store.find,
    listByIds: store.listByIds,
    list: store.list,
    async create(clientId, input) {
      refuse(await findEndpointFaults(input, rules));
      const now = clock.now();
      const signatureAlgorithm = input.signatureAlgorithm ?? 'HMAC_SHA256';
      const secret = signatureAlgorithm === 'JWS_ES256' ? null : generateSecret(signatureAlgorithm);
      const shownSecret = secret === null ? await jws.prepare() : verificationKey(secret);
      callScopes.noteSecret(shownSecret);
      const id = newId('webhookEndpoint', now);
      const endpoint = await store.create({
        id,
        clientId,
        url: input.url,
        types: [...(input.types ?? [])],
        method: input.method ?? 'POST',
        description: input.description ?? null,
        headers: secrets.sealHeaders(id, input.headers ?? []),
        document: input.document ?? null,
        rateLimit: input.rateLimit ?? null,
        signatureAlgorithm,
        secrets: secrets.sealSecrets(id, secret === null ? [] : [{ secret, expiresAt: null }]),
        now,
        limit: endpointsPerClient,
      });
      if (!endpoint) refuse([{ path: 'input', message: `A client has ${endpointsPerClient} endpoints at most.` }]);
      return { endpoint: endpoint as WebhookEndpoint, secret: shownSecret };
    },
    async update(clientId, id, { status, ...change }) {
      if (!(await store.find(clientId, id))) throw new NotFound('webhook endpoint', id);
      refuse(await findEndpointFaults({ ...change, ...(status && { status }) }, rules));
      const { types, headers, document, ...rest } = change;
      const endpoint = await store.update(clientId, id, {
        ...rest,
        ...(types !== undefined && { types: [...(types ?? [])] }),
        ...(headers !== undefined && { headers: secrets.sealHeaders(id, headers ?? []) }),
        ...(document !== undefined && { document, documentError: null }),
        now: clock.now(),
      });
      if (!endpoint) throw new NotFound('webhook endpoint', id);
      if (status === undefined || status === endpoint.status) return endpoint;
      await setStatus(clientId, id, status);
      return (await store.find(clientId, id)) ?? endpoint;
    },
    async delete(clientId, id) {
      if (!(await store.delete(clientId, id))) throw new NotFound('webhook endpoint', id);
    },
    async rotateSecret(clientId, id, overlapSeconds) {
      if (!Number.isInteger(overlapSeconds) || overlapSeconds < 0 || overlapSeconds > longestOverlapSeconds) {
        refuse([{ path: 'overlapSeconds', message: `must be a whole number from 0 to ${longestOverlapSeconds}` }]);
      }
      const now = clock.now();
      const overlapEnd = new Date(now.getTime() + overlapSeconds * 1000);
      const { signatureAlgorithm = 'HMAC_SHA256' } = (await store.find(clientId, id)) ?? {};
      if (signatureAlgorithm === 'JWS_ES256') refuse([{ path: 'id', message: noSecretOfItsOwn }]);
      const secret = generateSecret(signatureAlgorithm);
      callScopes.noteSecret(verificationKey(secret));
      const endpoint = await store.rewriteSecrets(clientId, id, {
        now,
        rewrite: (sealed) => {
          const older = secrets
            .openSecrets(id, sealed)
            .map((old) => ({
              secret: old.secret,
              expiresAt: old.expiresAt && old.expiresAt < overlapEnd ? old.expiresAt : overlapEnd,
            }))
            .filter((old) => old.expiresAt > now);
          if (older.length >= mostSigningSecrets) {
            const message = `must be 0 while ${mostSigningSecrets} secrets sign already`;
            refuse([{ path: 'overlapSeconds', message }]);
          }
          return secrets.sealSecrets(id, [{ secret, expiresAt: null }, ...older]);
        },
      });
      if (!endpoint) throw new NotFound('webhook endpoint', id);
      return { endpoint, secret: verificationKey(secret) };
    },
    publicKey({ id, signatureAlgorithm, secrets: sealed }) {
      const [present] = signatureAlgorithm === 'ED25519' ? secrets.openSecrets(id, sealed) : [];
      return present ? verificationKey(present.secret) : null;
    },
    jwks: signingKeys.published,
    checkDocuments: () => checkDocuments({ store, documents, log }),
  };
}

function refuse(faults: readonly [FieldFault, ...FieldFault[]]): never;
function refuse(faults: readonly FieldFault[]): void;
function refuse(faults: readonly FieldFault[]): void {
  if (faults.length > 0) throw new InvalidInput(faults);
}
