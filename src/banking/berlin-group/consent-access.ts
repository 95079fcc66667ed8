import type { CallOptions, DataAccess, PsuContext } from '../bank-port.ts';
import type { BankCalls } from './authorisation-calls.ts';
import { readHeld } from './credentials.ts';
import { toIdentityHeaders } from './psu-headers.ts';
import { tokensOfKept } from './token-source.ts';
import type { TokenSource } from './xs2a-client.ts';

/** How a bank's data is asked for. */
export interface ConsentAccess extends CallOptions {
  /** What says under which consent. */
  headers: Record<string, string>;
  tokens: TokenSource;
  psu: PsuContext | null;
}

export function toConsentAccess(bank: BankCalls, { credentials, psu, signal }: DataAccess): ConsentAccess {
  const held = readHeld(credentials.text);
  return {
    // Where OAuth stands instead of a consent there is none to name.
    headers: {
      ...(held.consentId !== null && { 'consent-id': held.consentId }),
      ...(bank.entry.asksPsuId && toIdentityHeaders(bank.entry, held)),
    },
    tokens: tokensOfKept(bank, credentials),
    psu,
    ...(signal && { signal }),
  };
}
