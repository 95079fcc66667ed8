import type { Clock } from '../domain/clock.ts';
import type { ApiKey, ApiKeyScope } from '../generated/prisma/client.ts';
import { toStoredKey } from './api-key-secret.ts';
import type { ClientStore } from './client-store.ts';

/** Whom a key stands for. */
export interface Viewer {
  clientId: string;
  keyId: string;
  scopes: readonly ApiKeyScope[];
  /** In CIDR notation, whence the key may be used; empty: from anywhere. */
  allowedNetworks: readonly string[];
  expiresAt: Date | null;
}

export interface KeyAuthentication {
  /** Null for a key that is unknown, expired or revoked. What was found is believed for up to a second. */
  authenticate(key: string): Promise<Viewer | null>;
  /** To be called for a key that has been revoked. */
  forget(hash: string): void;
}

const believedMs = 1_000;
const maximumKept = 10_000;
const lastUseStepMs = 60_000;

interface Kept {
  key: Promise<ApiKey | null>;
  readAtMs: number;
}

export interface KeyRefusal {
  clientId: string | null;
  keyId: string | null;
  reason: 'unknown' | 'expired' | 'revoked';
}

export interface KeyAuthenticationDeps {
  clock: Clock;
  store: Pick<ClientStore, 'findKeyByHash' | 'touchKey'>;
  /** Called for every key that is not accepted; `keyId` is null when there is no such key. */
  onRefused?(refusal: KeyRefusal): void;
}

export function createKeyAuthentication({ clock, store, onRefused }: KeyAuthenticationDeps): KeyAuthentication {
  const kept = new Map<string, Kept>();
  const touchedAtMs = new Map<string, number>();

  // The reading itself is kept: requests that come together read once, and one that a revocation overtakes is forgotten
  // before it has an answer.
  function findKey(hash: string, nowMs: number): Promise<ApiKey | null> {
    const known = kept.get(hash);
    if (known && nowMs - known.readAtMs < believedMs && nowMs >= known.readAtMs) return known.key;
    const reading = { key: store.findKeyByHash(hash), readAtMs: nowMs };
    kept.delete(hash);
    kept.set(hash, reading);
    dropOldest(kept);
    reading.key.catch(() => kept.get(hash) === reading && kept.delete(hash));
    return reading.key;
  }

  // Beside the request, and at most once a minute: the last use is for people to look at, and may as well be lost.
  function noteUse(key: ApiKey, now: Date): void {
    const lastUsedAtMs = touchedAtMs.get(key.id) ?? key.lastUsedAt?.getTime() ?? 0;
    if (now.getTime() - lastUsedAtMs < lastUseStepMs) return;
    touchedAtMs.set(key.id, now.getTime());
    dropOldest(touchedAtMs);
    store.touchKey(key.id, now).catch(() => {});
  }

  return {
    async authenticate(given) {
      const now = clock.now();
      const key = await findKey(toStoredKey(given).hash, now.getTime());
      const reason = refusalOf(key, now);
      if (!key || reason) {
        onRefused?.({ clientId: key?.clientId ?? null, keyId: key?.id ?? null, reason: reason ?? 'unknown' });
        return null;
      }
      noteUse(key, now);
      const { clientId, id: keyId, scopes, allowedNetworks } = key;
      return { clientId, keyId, scopes, allowedNetworks, expiresAt: endOf(key) };
    },
    forget: (hash) => void kept.delete(hash),
  };
}

function refusalOf(key: ApiKey | null, now: Date): KeyRefusal['reason'] | null {
  if (!key) return 'unknown';
  if (key.revokedAt) return 'revoked';
  const end = endOf(key);
  return end && end <= now ? 'expired' : null;
}

/** When the key ceases to work, be it that it expires or that another one has taken its place; null: never. */
function endOf({ expiresAt, retiresAt }: Pick<ApiKey, 'expiresAt' | 'retiresAt'>): Date | null {
  if (!expiresAt || !retiresAt) return expiresAt ?? retiresAt;
  return expiresAt < retiresAt ? expiresAt : retiresAt;
}

// A map keeps the order of insertion. Anybody may send keys that do not exist: what is kept of them has an end.
function dropOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (map.size > maximumKept && oldest !== undefined) map.delete(oldest);
}
