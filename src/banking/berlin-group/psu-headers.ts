import { isIPv4 } from 'node:net';
import type { BankEntry } from '../../domain/bank-entry.ts';
import type { PsuContext } from '../bank-port.ts';

/**
 * The headers that speak for the end user. `PSU-IP-Address` is the bank's sign that the end user is there: without one
 * there is no header at all. The protocol has IPv4 there, and for who has none the TPP's own address, where the entry tells it.
 */
export function toPsuHeaders(
  psu: PsuContext | null,
  { ownIpAddress }: Pick<BankEntry, 'ownIpAddress'>,
): Record<string, string> {
  if (!psu) return {};
  // A dual-stack listener shows IPv4 clients as ::ffff:192.0.2.1; banks expect the plain form.
  const ipAddress = psu.ipAddress.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
  const headers: Record<string, string> = {
    'psu-ip-address': isIPv4(ipAddress) ? ipAddress : (ownIpAddress ?? ipAddress),
  };
  if (psu.userAgent && isHeaderValue(psu.userAgent)) headers['psu-user-agent'] = psu.userAgent;
  return headers;
}

/** Whether the text can travel as an HTTP header: printable, and within latin1. */
export function isHeaderValue(text: string): boolean {
  return /^[\x21-\x7e\xa0-\xff](?:[\x20-\x7e\xa0-\xff]*[\x21-\x7e\xa0-\xff])?$/.test(text);
}
