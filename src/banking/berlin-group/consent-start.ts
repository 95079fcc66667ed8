import type { BankEntry } from '../../domain/bank-entry.ts';
import { BankFailure } from '../bank-failure.ts';
import type { NextStep, Progress } from '../bank-port.ts';
import {
  type BankCalls,
  type Call,
  follow,
  getAuthorisation,
  keepLinks,
  postAuthorisation,
  readAuthorisationId,
  toOwnApproach,
  usualApproach,
} from './authorisation-calls.ts';
import { type ConsentCreated, createConsent } from './consent-calls.ts';
import type { ScaReply } from './consent-replies.ts';
import { emptyAuthorisation } from './credentials.ts';
import type { Xs2aReply } from './xs2a-client.ts';

/** Goes as far as it goes without the end user: token, consent, authorisation, in this order; each where the bank wants it. */
export async function advance(bank: BankCalls, call: Call): Promise<Progress> {
  const { entry, oauth } = bank;
  const { work, signal } = call;
  const isTokenFirst = entry.oauth !== null && entry.oauth.when !== 'sca';
  if (isTokenFirst && !work.held.tokens) return goTo(await oauth.begin(work, { link: null, signal }));
  if (entry.oauth?.when === 'instead') return only({ step: 'done' });
  if (asksPsuIdFirst(entry) && work.held.psuId === null) return askWhoItIs(entry);
  const asked = await createConsent(bank, call);
  if ('wants' in asked) return asked.wants === 'identify' ? askWhoItIs(entry) : only({ step: 'name-accounts' });
  return await beginAuthorisation(bank, call, asked.created);
}

/** In a decoupled SCA no update is allowed at strict banks: the id must be there from the start. */
function asksPsuIdFirst({ asksPsuId, psuCorporateIdType, preferredApproach }: BankEntry): boolean {
  return asksPsuId || psuCorporateIdType !== null || preferredApproach === 'decoupled';
}

/** What comes after a consent was created. The bank's links decide; what we preferred was only a wish. */
async function beginAuthorisation(bank: BankCalls, call: Call, created: ConsentCreated): Promise<Progress> {
  const { body } = created;
  const { _links: links } = body;
  const approach =
    toOwnApproach(created.scaApproach) ??
    (links.startAuthorisationWithPsuAuthentication ? 'embedded' : usualApproach(bank.entry));
  const implicit = links.scaStatus ? readAuthorisationId([links.scaStatus, ...Object.values(links)]) : null;
  await call.work.save({
    consentId: body.consentId,
    authorisation: { ...emptyAuthorisation, id: implicit, approach, links: keepLinks(created) },
  });
  const page = await findPage(bank, call, created);
  if (page) return page;
  if (links.scaStatus) {
    if (!implicit) throw created.malformed('the link to the SCA status names no authorisation');
    if (!body.scaStatus) return await follow(bank, call, await getAuthorisation(bank, call));
    return await follow(bank, call, { ...created, body: { ...body, scaStatus: body.scaStatus } });
  }
  return await startOrAsk(bank, call, created);
}

async function startOrAsk(bank: BankCalls, call: Call, created: ConsentCreated): Promise<Progress> {
  const { _links: links, consentStatus, psuMessage: message } = created.body;
  const wantsPassword = withPassword(links);
  const wantsPsuId = wantsPassword || Boolean(links.startAuthorisationWithPsuIdentification);
  const isDecoupled =
    (created.scaApproach ?? bank.entry.preferredApproach) === 'decoupled' && Boolean(links.startAuthorisation);
  if ((wantsPsuId || isDecoupled) && call.work.held.psuId === null) return askWhoItIs(bank.entry, message);
  if (wantsPassword) return { next: { step: 'authenticate', ...asksCorporateId(bank.entry) }, message };
  if (links.startAuthorisation || wantsPsuId) return await startExplicitly(bank, call);
  if (consentStatus === 'valid') return { next: { step: 'done' }, message };
  if (consentStatus === 'rejected') return { next: { step: 'failed' }, message };
  throw new BankFailure('REQUEST_REFUSED', `${bank.entry.id} offers no SCA that we know.`, {
    details: { bankId: bank.entry.id },
  });
}

function withPassword(links: Record<string, string>): boolean {
  const {
    startAuthorisationWithPsuAuthentication: plain,
    startAuthorisationWithEncryptedPsuAuthentication: encrypted,
  } = links;
  return Boolean(plain ?? encrypted);
}

/** Starts the authorisation of a consent that the bank has created without one. `body`: what it wants with the start. */
export async function startExplicitly(bank: BankCalls, call: Call, body: object = {}): Promise<Progress> {
  const { started, id } = await postAuthorisation(bank, call, body);
  await call.work.save({
    authorisation: {
      ...(call.work.held.authorisation ?? emptyAuthorisation),
      id,
      links: { ...call.work.held.authorisation?.links, ...keepLinks(started) },
    },
  });
  return (await findPage(bank, call, started)) ?? (await follow(bank, call, started, { id }));
}

/** Where the bank's own page, or its authorisation server, is what comes next. OAuth counts even beside a link to the SCA status. */
async function findPage(
  bank: BankCalls,
  call: Call,
  reply: Xs2aReply<Pick<ScaReply, '_links' | 'psuMessage'>>,
): Promise<Progress | null> {
  const { scaOAuth, scaRedirect } = reply.body._links;
  if (scaOAuth && (bank.entry.oauth !== null || !scaRedirect)) {
    // With a token there already, the server has done its part.
    if (call.work.held.tokens) return null;
    return goTo(await bank.oauth.begin(call.work, { link: reply.resolveRedirect(scaOAuth), signal: call.signal }));
  }
  const { terms } = call.work.held;
  if (!scaRedirect) return null;
  if (!terms) throw new BankFailure('CONSENT_INVALID', 'The consent was begun too long ago.');
  return goTo({ url: reply.resolveRedirect(scaRedirect), state: terms.state });
}

export function askWhoItIs(entry: BankEntry, message: string | null = null): Progress {
  return { next: { step: 'identify', ...asksCorporateId(entry) }, message };
}

export function asksCorporateId({ psuCorporateIdType }: BankEntry): { asksCorporateId?: true } {
  return psuCorporateIdType === null ? {} : { asksCorporateId: true };
}

export function only(next: NextStep): Progress {
  return { next, message: null };
}

function goTo(there: { url: string; state: string }): Progress {
  return only({ step: 'go-to-bank', ...there });
}
