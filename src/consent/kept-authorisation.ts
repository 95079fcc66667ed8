import type { Authorisation } from '../banking/bank-port.ts';
import type { EncryptedPlace, Encryption } from '../storage/encryption.ts';
import type { Session } from './session-store.ts';

/** The SCA in progress at the bank, as it is kept with the session, encrypted. Never a password or a code. */
export interface KeptAuthorisation {
  authorisation: Authorisation;
  psuId: string | null;
}

export function sealAuthorisation(encryption: Encryption, sessionId: string, kept: KeptAuthorisation): string {
  return encryption.encrypt(JSON.stringify(kept), placeOf(sessionId));
}

/** Null with redirect SCA, and while nothing has begun. */
export function readAuthorisation(encryption: Encryption, session: Session): KeptAuthorisation | null {
  const { id, authorisation } = session;
  return authorisation ? (JSON.parse(encryption.decrypt(authorisation, placeOf(id))) as KeptAuthorisation) : null;
}

function placeOf(sessionId: string): EncryptedPlace {
  return { column: 'sessions.authorisation', rowId: sessionId };
}
