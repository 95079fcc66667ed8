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
  if (isInOperatorNetwork(ip, networks)) return true;
  if (address.kind() === 'ipv4') return isPublicIpv4(address as ipaddr.IPv4);
  const ipv6 = address as ipaddr.IPv6;
  if (ipv6.isIPv4MappedAddress()) return false;
  if (ipv6.match(translated)) return isPublicIpv4(embeddedIpv4(ipv6));
  return ipv6.range() === 'unicast' && ipv6.match(globalUnicast);
}

/** Whether this IP address, in any of its forms, is in the operator's networks: only there may webhooks go without TLS. */
export function isInOperatorNetwork(ip: string, networks: AllowedNetworks): boolean {
  const address = parse(ip);
  if (!address) return false;
  if (isWithin(address, networks)) return true;
  if (address.kind() === 'ipv4') return false;
  const ipv6 = address as ipaddr.IPv6;
  return (ipv6.isIPv4MappedAddress() || ipv6.match(translated)) && isWithin(embeddedIpv4(ipv6), networks);
}

// Mapped or translated, it is the last four bytes.
function embeddedIpv4(address: ipaddr.IPv6): ipaddr.IPv4 {
  return new ipaddr.IPv4(address.toByteArray().slice(12));
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
