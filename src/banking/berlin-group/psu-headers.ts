import { isIPv4 } from 'node:net';
import type { BankEntry } from '../../domain/bank-entry.ts';
import { BankFailure } from '../bank-failure.ts';
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

/**
 * Who the end user is at the bank, where we know it. What the end user has typed and no header can carry cannot be right: a
 * BankFailure CREDENTIALS_INVALID.
 */
export function toIdentityHeaders(
  entry: Pick<BankEntry, 'id' | 'psuIdType' | 'psuCorporateIdType'>,
  { psuId, corporateId }: { psuId: string | null; corporateId: string | null },
): Record<string, string> {
  const headers: Record<string, string> = {};
  const add = (name: string, value: string, type: string | null): void => {
    if (!isHeaderValue(value)) {
      const details = { bankId: entry.id };
      throw new BankFailure('CREDENTIALS_INVALID', `${entry.id} cannot know a PSU id with such characters.`, {
        details,
      });
    }
    headers[name] = value;
    if (type !== null) headers[`${name}-type`] = type;
  };
  if (psuId !== null) add('psu-id', psuId, entry.psuIdType);
  if (corporateId !== null) add('psu-corporate-id', corporateId, entry.psuCorporateIdType);
  return headers;
}
