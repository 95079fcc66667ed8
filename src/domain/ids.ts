import { randomFillSync } from 'node:crypto';

/** The prefix of every id tells what it names; ids are the same in GraphQL, webhook bodies, logs and URLs. */
export const idPrefixes = {
  client: 'cli',
  apiKey: 'key',
  user: 'usr',
  bank: 'bank',
  bankLogin: 'login',
  consent: 'con',
  consentTermination: 'end',
  account: 'acc',
  transaction: 'txn',
  connectSession: 'cs',
  managementSession: 'ms',
  synchronizationSession: 'sync',
  synchronizationAttempt: 'att',
  cycle: 'cyc',
  event: 'evt',
  webhookEndpoint: 'whe',
  webhookDelivery: 'whd',
  auditEntry: 'aud',
} as const;

export type IdKind = keyof typeof idPrefixes;

// Crockford's base 32 in lower case: no i, l, o, u, so that an id can be read out on the phone.
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const timeCharacters = 10;
const randomCharacters = 16;

// Fetched for many ids at once: the call costs more than the rest of an id.
const randomPool = new Uint8Array(256 * randomCharacters);
let randomUsed = randomPool.length;

/**
 * A new id: prefix, then 48 bits of milliseconds and 80 random bits in base 32 (the layout of a ULID), so that ids sort by
 * the time of their making.
 */
export function newId(kind: IdKind, now: Date): string {
  return `${lowestIdAt(kind, now)}${takeRandom()}`;
}

/** Below every id that is made at this time or later, above every one from before. */
export function lowestIdAt(kind: IdKind, at: Date): string {
  let time = Math.max(0, at.getTime());
  let encodedTime = '';
  for (let i = 0; i < timeCharacters; i++) {
    encodedTime = alphabet.charAt(time % 32) + encodedTime;
    time = Math.floor(time / 32);
  }
  return `${idPrefixes[kind]}_${encodedTime}`;
}

function takeRandom(): string {
  if (randomUsed === randomPool.length) {
    randomFillSync(randomPool);
    randomUsed = 0;
  }
  let random = '';
  for (const end = randomUsed + randomCharacters; randomUsed < end; randomUsed++) {
    random += alphabet.charAt((randomPool[randomUsed] ?? 0) & 31);
  }
  return random;
}

const kindByPrefix = new Map(Object.entries(idPrefixes).map(([kind, prefix]) => [prefix as string, kind as IdKind]));

/** The kind that the id's prefix names, or null when it names none. */
export function idKindOf(id: string): IdKind | null {
  const end = id.indexOf('_');
  return end < 1 ? null : (kindByPrefix.get(id.slice(0, end)) ?? null);
}
