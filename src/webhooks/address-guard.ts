import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Networks that the operator lets webhooks into although they are not public. */
export type AllowedNetworks = readonly (readonly [Address, number])[];

/** Throws for what is not a network in CIDR notation. */
export function parseNetworks(networks: readonly string[]): AllowedNetworks {
  return networks.map((network) => ipaddr.parseCIDR(network));
}

// Public by their number, but nobody's receiver: Azure's host of metadata and DNS.
const refusedIpv4 = parseNetworks(['168.63.129.16/32']);
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
// RFC 6052: an IPv4 address behind a translator; the address itself decides.
const translated = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/**
 * Whether webhooks may be sent to this IP address: a public one, or one in the operator's networks. IPv4 addresses written as
 * IPv6 ones (mapped, translated) are judged as what they lead to; a mapped one is never public. What is no IP address is refused.
 */
export function isAllowed(ip: string, networks: AllowedNetworks): boolean {
  const address = parse(ip);
  if (!address) return false;
  if (isWithin(address, networks)) return true;
  if (address.kind() === 'ipv4') return isPublicIpv4(address as ipaddr.IPv4);
  const ipv6 = address as ipaddr.IPv6;
  if (ipv6.isIPv4MappedAddress()) return isWithin(ipv6.toIPv4Address(), networks);
  if (ipv6.match(translated)) {
    const embedded = new ipaddr.IPv4(ipv6.toByteArray().slice(12));
    return isWithin(embedded, networks) || isPublicIpv4(embedded);
  }
  return ipv6.range() === 'unicast' && ipv6.match(globalUnicast);
}

function parse(ip: string): Address | null {
  // ipaddr.js also reads short, octal and hexadecimal IPv4; whoever connects would not, or read another address.
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(ip)) return ipaddr.IPv4.isValidFourPartDecimal(ip) ? ipaddr.IPv4.parse(ip) : null;
  return ip.includes(':') && ipaddr.IPv6.isValid(ip) ? ipaddr.IPv6.parse(ip) : null;
}

function isWithin(address: Address, networks: AllowedNetworks): boolean {
  return networks.some(([network, bits]) => address.kind() === network.kind() && address.match(network, bits));
}

function isPublicIpv4(address: ipaddr.IPv4): boolean {
  return address.range() === 'unicast' && !isWithin(address, refusedIpv4);
}
