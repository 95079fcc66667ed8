import { BankFailure } from '../bank-failure.ts';
import type { Authorisation, StartedConsent } from '../bank-port.ts';
import {
  type AuthorisationCall,
  type BankCalls,
  getAuthorisation,
  postAuthorisation,
  toApproach,
  toAuthorisation,
} from './authorisation-calls.ts';
import type { OwnApproach } from './authorisation-mapping.ts';
import type { ConsentCreatedReply } from './replies.ts';
import type { Xs2aReply } from './xs2a-client.ts';

type Next = StartedConsent['next'];
type ConsentCreated = Xs2aReply<ConsentCreatedReply>;

/** What comes after a consent was created. The bank's links decide; what we preferred was only a wish. */
export async function beginAuthorisation(
  bank: BankCalls,
  created: ConsentCreated,
  call: AuthorisationCall & { headers: Record<string, string> },
): Promise<Next> {
  const { _links: links, consentStatus, psuMessage } = created.body;
  if (links.scaRedirect) return { approach: 'redirect', url: created.resolveRedirect(links.scaRedirect) };

  const approach = links.startAuthorisationWithPsuAuthentication
    ? toApproach(created, { ...bank.entry, preferredApproach: 'embedded' })
    : toApproach(created, bank.entry);
  if (links.scaStatus) {
    const authorisation = await readImplicit(bank, created, links.scaStatus, call);
    return { approach, authorisation: identifyFirst(authorisation, call, created.body.scaStatus) };
  }

  const unstarted = (next: Authorisation['next']): Next => ({
    approach,
    authorisation: { authorisationId: null, next, message: psuMessage },
  });
  const wantsPsuId =
    links.startAuthorisationWithPsuIdentification || links.startAuthorisationWithPsuAuthentication !== undefined;
  if (wantsPsuId && call.psuId === undefined) return unstarted({ step: 'identify' });
  if (links.startAuthorisationWithPsuAuthentication) return unstarted({ step: 'authenticate' });
  if (links.startAuthorisation || wantsPsuId) return await startExplicitly(bank, call, approach);
  if (consentStatus === 'valid') return unstarted({ step: 'done' });
  if (consentStatus === 'rejected') return unstarted({ step: 'failed' });

  const why = links.scaOAuth ? 'wants OAuth for the SCA, which we do not speak' : 'offers no SCA that we know';
  throw new BankFailure('REQUEST_REFUSED', `${bank.entry.id} ${why}.`, { details: { bankId: bank.entry.id } });
}

async function startExplicitly(
  bank: BankCalls,
  call: AuthorisationCall & { headers: Record<string, string> },
  expected: OwnApproach,
): Promise<Next> {
  const started = await postAuthorisation(bank, call, {});
  const { authorisationId, _links: links } = started.body;
  if (links.scaRedirect) return { approach: 'redirect', url: started.resolveRedirect(links.scaRedirect) };
  const approach = started.scaApproach ? toApproach(started, bank.entry) : expected;
  const authorisation = toAuthorisation(authorisationId, started, approach);
  return { approach, authorisation: identifyFirst(authorisation, call, started.body.scaStatus) };
}

/** No password is of use, and no app is called, before the bank knows whose. */
function identifyFirst(
  authorisation: Authorisation,
  call: AuthorisationCall,
  scaStatus: string | null | undefined,
): Authorisation {
  const { step } = authorisation.next;
  const isAnonymous = call.psuId === undefined;
  const waitsForSomebody = step === 'authenticate' || (step === 'approve-in-app' && scaStatus === 'received');
  return isAnonymous && waitsForSomebody ? { ...authorisation, next: { step: 'identify' } } : authorisation;
}

/** The bank has started an authorisation by itself; only the link names it. */
async function readImplicit(bank: BankCalls, created: ConsentCreated, href: string, call: AuthorisationCall) {
  const { body } = created;
  const authorisationId = readAuthorisationId(created.resolveLink(href));
  if (!authorisationId) throw created.malformed('the link to the SCA status names no authorisation');
  if (!body.scaStatus) return await getAuthorisation(bank, { ...call, authorisationId });
  const reply = { ...created, body: { ...body, scaStatus: body.scaStatus } };
  return toAuthorisation(authorisationId, reply, toApproach(created, bank.entry));
}

function readAuthorisationId(link: URL): string | null {
  const segment = /\/authorisations\/([\w.~%-]+)\/?$/.exec(link.pathname)?.[1];
  try {
    return segment ? decodeURIComponent(segment) : null;
  } catch {
    // Not a well-formed percent encoding.
    return null;
  }
}
