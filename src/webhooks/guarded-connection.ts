import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import type { SecureContext } from 'node:tls';
import { buildConnector } from 'undici';
import { type AllowedNetworks, isAllowed, isInOperatorNetwork } from './address-guard.ts';
import type { ClientCertificate } from './client-certificate.ts';
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

type Guard = (address: string) => boolean;

export interface GuardedConnection {
  networks: AllowedNetworks;
  resolve: Resolve;
  /** What receivers that ask for a certificate are shown; null: none. */
  clientCertificate: ClientCertificate | null;
}

/**
 * Connects for undici, to allowed addresses only, and without TLS to those in the operator's networks only. They are checked
 * where the socket takes them, so that a name cannot pass a check and then lead elsewhere.
 */
export function createGuardedConnector(connection: GuardedConnection): buildConnector.connector {
  const { networks, resolve, clientCertificate } = connection;
  const connectSecurely = (secureContext: SecureContext | null) =>
    guardedConnector((address) => isAllowed(address, networks), resolve, secureContext);
  const secure = clientCertificate ? followContext(clientCertificate, connectSecurely) : connectSecurely(null);
  const plain = guardedConnector((address) => isInOperatorNetwork(address, networks), resolve);
  return (options, callback) => (options.protocol === 'https:' ? secure : plain)(options, callback);
}

/** With another certificate another connector: a TLS session of the old one must not be resumed. */
function followContext(
  certificate: ClientCertificate,
  connectWith: (secureContext: SecureContext | null) => buildConnector.connector,
): buildConnector.connector {
  let made: { context: SecureContext | null; connect: buildConnector.connector } | null = null;
  return (options, callback) => {
    const context = certificate.context();
    if (!made || made.context !== context) made = { context, connect: connectWith(context) };
    made.connect(options, callback);
  };
}

function guardedConnector(
  isLetIn: Guard,
  resolve: Resolve,
  secureContext: SecureContext | null = null,
): buildConnector.connector {
  const connect = buildConnector({
    ...(secureContext && { secureContext }),
    lookup: guardedLookup(isLetIn, resolve),
    timeout: connectTimeoutMs,
    allowH2: false,
    autoSelectFamily: true,
  } as buildConnector.BuildOptions);
  return (options, callback) => {
    // A literal address is never looked up.
    const literal = literalAddress(options.hostname);
    if (literal !== null && !isLetIn(literal)) {
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

function guardedLookup(isLetIn: Guard, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { family: toFamily(options.family), hints: options.hints ?? 0, all: true }, (error, found) => {
      if (error) return callback(error, '', 4);
      const allowed = found.filter(({ address }) => isLetIn(address));
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
