import ipaddr from 'ipaddr.js';
import type { FieldFault } from '../domain/errors.ts';

/** Looked through with every request of the key. */
const mostNetworks = 50;

/** Whether a key with these networks, in CIDR notation, may be used from this address; without networks, from any. */
export function isUsableFrom(allowedNetworks: readonly string[], address: string): boolean {
  if (allowedNetworks.length === 0) return true;
  if (!ipaddr.isValid(address)) return false;
  const caller = ipaddr.process(address);
  return allowedNetworks.some((network) => {
    const [base, bits] = parseNetwork(network) ?? [];
    return base !== undefined && bits !== undefined && base.kind() === caller.kind() && caller.match(base, bits);
  });
}

/** What is wrong with networks that are given for a key. */
export function findNetworkFaults(networks: readonly string[], path: string): FieldFault[] {
  if (networks.length > mostNetworks) return [{ path, message: `must be ${mostNetworks} networks at most` }];
  return networks.flatMap((network, n) =>
    parseNetwork(network)
      ? []
      : [{ path: `${path}.${n}`, message: 'must be a network such as 203.0.113.0/24 or 2001:db8::/32' }],
  );
}

// ipaddr.js also reads short, octal and hexadecimal IPv4, which others read differently. Callers are never seen as IPv4-mapped IPv6.
function parseNetwork(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | null {
  if (!/^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]*)\/\d{1,3}$/i.test(text)) return null;
  const [address = ''] = text.split('/');
  if (!address.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(address)) return null;
  try {
    return ipaddr.parseCIDR(text);
  } catch {
    return null;
  }
}
