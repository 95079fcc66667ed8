import { setTimeout as delay } from 'node:timers/promises';
import { type AllowedNetworks, isAllowed, isInOperatorNetwork } from './address-guard.ts';
import { literalAddress } from './guarded-connection.ts';
import type { Resolve } from './name-resolution.ts';

export interface AddressRules {
  networks: AllowedNetworks;
  resolve: Resolve;
}

const longestUrl = 2_048;
const resolveLimitMs = 3_000;

/**
 * What is wrong with an endpoint's address, or null. A name that cannot be resolved now is accepted: every connection is
 * checked anew. Plain http is for the networks that the operator lets webhooks into.
 */
export async function findAddressFault(url: string, { networks, resolve }: AddressRules): Promise<string | null> {
  if (url.length > longestUrl) return `must have ${longestUrl} characters at most`;
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol) || !/^https?:\/\//i.test(url)) {
    return 'must be an absolute https address';
  }
  if (parsed.protocol === 'http:' && networks.length === 0) return 'must be an https address';
  if (parsed.username || parsed.password) return 'must not hold credentials; send them in a header';
  const literal = literalAddress(parsed.hostname);
  const addresses = literal === null ? await resolveSoon(parsed.hostname, resolve) : [literal];
  const isLetIn = parsed.protocol === 'http:' ? isInOperatorNetwork : isAllowed;
  if (addresses.length === 0 || addresses.some((address) => isLetIn(address, networks))) return null;
  const isPublic = addresses.some((address) => isAllowed(address, networks));
  return isPublic ? 'must be an https address' : 'leads to an address that webhooks are not sent to';
}

async function resolveSoon(hostname: string, resolve: Resolve): Promise<string[]> {
  const limit = new AbortController();
  const found = new Promise<string[]>((done) => {
    resolve(hostname, { all: true }, (error, addresses) => done(error ? [] : addresses.map(({ address }) => address)));
  });
  const tooLate = delay(resolveLimitMs, [], { signal: limit.signal, ref: false }).catch(() => []);
  try {
    return await Promise.race([found, tooLate]);
  } finally {
    limit.abort();
  }
}
