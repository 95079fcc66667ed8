import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { buildConnector } from 'undici';
import { type AllowedNetworks, isAllowed } from './address-guard.ts';
import type { Resolve } from './name-resolution.ts';

/** The address leads to a place that webhooks are not sent to. */
export class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED';
  constructor(hostname: string) {
    super(`${hostname} leads to an address that webhooks are not sent to.`);
    this.name = 'AddressRefused';
  }
}

const connectTimeoutMs = 10_000;

/**
 * Connects for undici, to allowed addresses only. They are checked where the socket takes them, so that a name cannot pass a
 * check and then lead elsewhere.
 */
export function createGuardedConnector(networks: AllowedNetworks, resolve: Resolve): buildConnector.connector {
  const connect = buildConnector({
    lookup: guardedLookup(networks, resolve),
    timeout: connectTimeoutMs,
    allowH2: false,
    autoSelectFamily: true,
  } as buildConnector.BuildOptions);
  return (options, callback) => {
    // A literal address is never looked up.
    const literal = literalAddress(options.hostname);
    if (literal !== null && !isAllowed(literal, networks)) {
      callback(new AddressRefused(options.hostname), null);
      return;
    }
    connect(options, callback);
  };
}

/** The host of a URL as an IP address, without the brackets of IPv6; null for a name. */
export function literalAddress(hostname: string): string | null {
  const bare = hostname.startsWith('[') && hostname.endsWith(']') ? hostname.slice(1, -1) : hostname;
  return isIP(bare) ? bare : null;
}

function guardedLookup(networks: AllowedNetworks, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { family: toFamily(options.family), hints: options.hints ?? 0, all: true }, (error, found) => {
      if (error) return callback(error, '', 4);
      const allowed = found.filter(({ address }) => isAllowed(address, networks));
      const first = allowed[0];
      if (!first) return callback(new AddressRefused(hostname), '', 4);
      return options.all ? callback(null, allowed) : callback(null, first.address, first.family);
    });
  };
}

function toFamily(family: number | 'IPv4' | 'IPv6' | undefined): number {
  if (family === 'IPv4') return 4;
  return family === 'IPv6' ? 6 : (family ?? 0);
}
