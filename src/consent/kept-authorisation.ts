import type { KeptCredentials, Progress } from '../banking/bank-port.ts';
import type { EncryptedPlace, Encryption } from '../storage/encryption.ts';
import type { Session } from './session-store.ts';

/** What the bank wants of the end user, as it is kept with the session, encrypted. Never a password or a code. */
export interface KeptAuthorisation {
  progress: Progress;
  psuId: string | null;
  corporateId: string | null;
}

/** As it was kept before the adapter's credentials named the authorisation. */
interface OldAuthorisation {
  authorisation: Progress & { authorisationId: string | null };
  psuId: string | null;
}

export function sealAuthorisation(encryption: Encryption, sessionId: string, kept: KeptAuthorisation): string {
  return encryption.encrypt(JSON.stringify(kept), placeOf(sessionId));
}

/** Null with redirect SCA, and while nothing has begun. */
export function readAuthorisation(encryption: Encryption, session: Session): KeptAuthorisation | null {
  const kept = parse(encryption, session);
  if (!kept || 'progress' in kept) return kept;
  const { next, message } = kept.authorisation;
  return { progress: { next, message }, psuId: kept.psuId, corporateId: null };
}

/** Adds the authorisation of an old session, and whose it is, to credentials that do not name them yet. */
export async function adoptOldAuthorisation(
  encryption: Encryption,
  session: Session,
  credentials: KeptCredentials,
): Promise<void> {
  const kept = parse(encryption, session);
  const id = kept && 'authorisation' in kept ? kept.authorisation.authorisationId : null;
  if (id === null) return;
  const who = kept?.psuId ? [encodeURIComponent(kept.psuId)] : [];
  await credentials.change(async (present, store) => {
    if (/^[^{ ]+$/.test(present)) await store([present, id, ...who].join(' '));
  });
}

function parse(encryption: Encryption, { id, authorisation }: Session): KeptAuthorisation | OldAuthorisation | null {
  if (!authorisation) return null;
  return JSON.parse(encryption.decrypt(authorisation, placeOf(id))) as KeptAuthorisation | OldAuthorisation;
}

function placeOf(sessionId: string): EncryptedPlace {
  return { column: 'sessions.authorisation', rowId: sessionId };
}
