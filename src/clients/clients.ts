import { z } from 'zod';
import type { Clock } from '../domain/clock.ts';
import { type FieldFault, InvalidInput, NotFound } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { Page } from '../domain/page.ts';
import type { ApiKey, ApiKeyScope, Client } from '../generated/prisma/client.ts';
import { callScopes } from '../storage/call-scope.ts';
import { findNetworkFaults } from './allowed-networks.ts';
import { newApiKeySecret, toStoredKey } from './api-key-secret.ts';
import type { ClientStore, NewApiKeyRow } from './client-store.ts';

/** API clients and their keys. A key is shown once, when it is made; its hash alone is kept. */
export interface Clients {
  /** Unless this key is known already, makes it a key of both scopes of the first client, which is made when there is none. */
  bootstrap(key: string): Promise<void>;
  find(clientId: string): Promise<Client>;
  /** Null when there is none with this id. For operators, as is `list`. */
  findAny(clientId: string): Promise<Client | null>;
  /** Of all clients, oldest first. */
  list(page: Page): Promise<Client[]>;
  createClient(name: string): Promise<{ client: Client; key: string }>;
  /** Renames what end users read on the hosted pages. Throws NotFound, and InvalidInput for an empty name. */
  renameClient(clientId: string, name: string): Promise<Client>;
  /** Throws InvalidInput for what is not an origin, such as `https://app.example.com`. */
  updateClient(clientId: string, change: { returnOrigins: readonly string[] }): Promise<Client>;
  createApiKey(input: NewApiKey): Promise<{ apiKey: ApiKey; key: string }>;
  /**
   * A key with the scopes of this one, or fewer, and with its networks and expiry; this one works on for so many seconds at most.
   * Throws InvalidInput, for scopes too that the key does not have.
   */
  rotateApiKey(of: { clientId: string; keyId: string }, rotation: Rotation): Promise<{ apiKey: ApiKey; key: string }>;
  findApiKey(clientId: string, id: string): Promise<ApiKey | null>;
  /** In no order; of any client where `clientId` is null. */
  listApiKeys(clientId: string | null, ids: readonly string[]): Promise<ApiKey[]>;
  /** From now on the key is refused, by this process at once and by others within seconds. */
  revokeApiKey(id: string): Promise<ApiKey>;
  /** Called with the hash of every key that this process revokes. */
  onRevoked(listener: (hash: string) => void): void;
}

/** Seven days. */
const longestOverlapSeconds = 604_800;

export interface NewApiKey {
  clientId: string;
  name: string;
  scopes: readonly ApiKeyScope[];
  /** In CIDR notation. @default none: the key works from anywhere */
  allowedNetworks?: readonly string[];
  expiresAt: Date | null;
}

export interface Rotation {
  /** 0 to 7 days. */
  overlapSeconds: number;
  /** Null: those of the key. */
  scopes: readonly ApiKeyScope[] | null;
}

const name = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(200, 'must have 200 characters at most')
  .refine((text) => !text.includes('\0'), 'must not contain a NUL character');

export function createClients({ clock, store }: { clock: Clock; store: ClientStore }): Clients {
  const listeners: Array<(hash: string) => void> = [];

  function toRow(input: NewApiKey, key: string): NewApiKeyRow {
    const now = clock.now();
    return { id: newId('apiKey', now), allowedNetworks: [], ...input, ...toStoredKey(key), createdAt: now };
  }

  async function create(clientName: string, key: string, scopes: readonly ApiKeyScope[]): Promise<Client> {
    const now = clock.now();
    const id = newId('client', now);
    const first = toRow({ clientId: id, name: 'First key', scopes, expiresAt: null }, key);
    return await store.create({ id, name: clientName, createdAt: now }, first);
  }

  async function createBootstrapKey(key: string): Promise<void> {
    const scopes = ['CLIENT', 'OPERATOR'] as const;
    const first = await store.findFirst();
    if (!first) return void (await create('First client', key, scopes));
    const given = { clientId: first.id, name: 'Bootstrap key', scopes, expiresAt: null };
    await store.createKey(toRow(given, key));
  }

  return {
    async bootstrap(key) {
      const { hash } = toStoredKey(key);
      if (await store.findKeyByHash(hash)) return;
      await createBootstrapKey(key).catch(async (error: unknown) => {
        // Another process started with the same key at the same moment and was faster.
        if (!(await store.findKeyByHash(hash))) throw error;
      });
    },
    async find(clientId) {
      const client = await store.find(clientId);
      if (!client) throw new NotFound('client', clientId);
      return client;
    },
    findAny: (clientId) => store.find(clientId),
    list: (page) => store.list(page),
    async createClient(given) {
      const key = newShownKey();
      return { client: await create(parse(name, given, 'name'), key, ['CLIENT']), key };
    },
    async renameClient(clientId, given) {
      const renamed = await store.rename(clientId, parse(name, given, 'name'));
      if (!renamed) throw new NotFound('client', clientId);
      return renamed;
    },
    async updateClient(clientId, { returnOrigins }) {
      if (returnOrigins.length > maximumReturnOrigins) {
        const message = `must be ${maximumReturnOrigins} at most`;
        throw new InvalidInput([{ path: 'returnOrigins', message }]);
      }
      const faults = returnOrigins.flatMap((origin, i) =>
        isOrigin(origin)
          ? []
          : [{ path: `returnOrigins.${i}`, message: 'must be an origin, such as https://app.example.com' }],
      );
      if (faults.length > 0) throw new InvalidInput(faults);
      return await store.updateReturnOrigins(clientId, [...new Set(returnOrigins.map((url) => new URL(url).origin))]);
    },
    async createApiKey(input) {
      const given = parseNewKey(input, clock.now());
      if (!(await store.find(given.clientId))) throw new NotFound('client', given.clientId);
      const key = newShownKey();
      return { apiKey: await store.createKey(toRow({ ...given, scopes: [...new Set(given.scopes)] }, key)), key };
    },
    async rotateApiKey({ clientId, keyId }, { overlapSeconds, scopes: wanted }) {
      const present = await store.findKey(clientId, keyId);
      if (!present) throw new NotFound('API key', keyId);
      const faults = findRotationFaults(present, { overlapSeconds, scopes: wanted });
      if (faults.length > 0) throw new InvalidInput(faults);
      const key = newShownKey();
      const apiKey = await store.replaceKey(
        { clientId, id: keyId },
        {
          retiresAt: new Date(clock.now().getTime() + overlapSeconds * 1000),
          toSuccessor: ({ name: kept, scopes, allowedNetworks, expiresAt }) =>
            toRow(
              { clientId, name: kept, scopes: wanted ? [...new Set(wanted)] : scopes, allowedNetworks, expiresAt },
              key,
            ),
        },
      );
      if (!apiKey) throw new NotFound('API key', keyId);
      return { apiKey, key };
    },
    findApiKey: (clientId, id) => store.findKey(clientId, id),
    listApiKeys: (clientId, ids) => store.listKeys(clientId, ids),
    async revokeApiKey(id) {
      const revoked = await store.revokeKey(id, clock.now());
      if (revoked === null) throw new NotFound('API key', id);
      for (const listener of listeners) listener(revoked.hash);
      return revoked;
    },
    onRevoked: (listener) => void listeners.push(listener),
  };
}

/** Every one of them is looked at when a session is made. */
const maximumReturnOrigins = 50;
// A host name has 253 characters at most (RFC 1035).
const longestOrigin = 300;

function isOrigin(text: string): boolean {
  if (text.length > longestOrigin || !URL.canParse(text)) return false;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) && (url.href === `${url.origin}/` || url.href === url.origin) && !url.username;
}

function newShownKey(): string {
  const key = newApiKeySecret();
  callScopes.noteSecret(key);
  return key;
}

function findRotationFaults({ scopes }: ApiKey, { overlapSeconds, scopes: wanted }: Rotation): FieldFault[] {
  const faults: FieldFault[] = [];
  if (!Number.isInteger(overlapSeconds) || overlapSeconds < 0 || overlapSeconds > longestOverlapSeconds) {
    faults.push({ path: 'overlapSeconds', message: `must be a whole number from 0 to ${longestOverlapSeconds}` });
  }
  if (wanted && wanted.length === 0) faults.push({ path: 'scopes', message: 'must not be empty' });
  for (const [n, scope] of (wanted ?? []).entries()) {
    if (!covers(scopes, scope)) faults.push({ path: `scopes.${n}`, message: `this key does not have ${scope}` });
  }
  return faults;
}

function covers(scopes: readonly ApiKeyScope[], wanted: ApiKeyScope): boolean {
  return scopes.includes(wanted) || (wanted === 'CLIENT_READ' && scopes.includes('CLIENT'));
}

function parseNewKey(input: NewApiKey, now: Date): NewApiKey {
  const parsed = name.safeParse(input.name);
  const faults = parsed.success ? [] : parsed.error.issues.map(({ message }) => ({ path: 'name', message }));
  if (input.scopes.length === 0) faults.push({ path: 'scopes', message: 'must not be empty' });
  if (input.expiresAt && input.expiresAt <= now) faults.push({ path: 'expiresAt', message: 'must lie in the future' });
  faults.push(...findNetworkFaults(input.allowedNetworks ?? [], 'allowedNetworks'));
  if (faults.length > 0) throw new InvalidInput(faults);
  return { ...input, name: parsed.data as string };
}

function parse<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InvalidInput(parsed.error.issues.map((issue) => ({ path, message: issue.message })));
}
