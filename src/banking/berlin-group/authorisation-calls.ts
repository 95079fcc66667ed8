import type { BankEntry } from '../../domain/bank-entry.ts';
import type { Clock } from '../../domain/clock.ts';
import type { BankLearnings } from '../bank-learnings.ts';
import type { CallOptions, Progress, PsuContext } from '../bank-port.ts';
import { type OwnApproach, toNextStep } from './authorisation-mapping.ts';
import { type ScaReply, scaReply, scaStartedReply, toImageUrl } from './consent-replies.ts';
import { emptyAuthorisation, type Held, type Work } from './credentials.ts';
import type { OAuthServer } from './oauth-server.ts';
import type { PasswordEncryption } from './password-encryption.ts';
import { toIdentityHeaders, toPsuHeaders } from './psu-headers.ts';
import type { TokenSource, Xs2aClient, Xs2aReply } from './xs2a-client.ts';

/** What every call to one bank needs. */
export interface BankCalls {
  entry: BankEntry;
  client: Xs2aClient;
  clock: Clock;
  learnt: BankLearnings;
  oauth: OAuthServer;
  encryptPassword: PasswordEncryption;
}

/** One call of the port on its way: what it works on, and for whom. */
export interface Call extends CallOptions {
  work: Work;
  /** Null: nobody is there. */
  psu: PsuContext | null;
  tokens: TokenSource;
}

/** The headers of a call about a consent. */
export function toCallHeaders({ entry }: Pick<BankCalls, 'entry'>, { work, psu }: Call): Record<string, string> {
  return { ...toPsuHeaders(psu, entry), ...toIdentityHeaders(entry, work.held) };
}

/** Where the end user comes back to, and how we would like the SCA to be. */
export function toRedirectHeaders(entry: BankEntry, { terms }: Held): Record<string, string> {
  return {
    ...(terms && { 'tpp-redirect-uri': terms.redirectUrl, 'tpp-nok-redirect-uri': terms.nokRedirectUrl }),
    'tpp-redirect-preferred': String(entry.preferredApproach === 'redirect'),
    'tpp-decoupled-preferred': String(entry.preferredApproach === 'decoupled'),
  };
}

/** POST: makes the authorisation. `body` uploads what the bank wants with the start; `{}` where it wants nothing. */
export async function postAuthorisation(bank: BankCalls, call: Call, body: object) {
  const links = call.work.held.authorisation?.links ?? {};
  const started = await bank.client.send({
    operation: 'start an authorisation',
    method: 'POST',
    path:
      links.startAuthorisationWithPsuAuthentication ??
      links.startAuthorisationWithEncryptedPsuAuthentication ??
      links.startAuthorisationWithPsuIdentification ??
      links.startAuthorisation ??
      authorisationsPath(call.work.held),
    headers: { ...toCallHeaders(bank, call), ...toRedirectHeaders(bank.entry, call.work.held) },
    body,
    reply: scaStartedReply,
    tokens: call.tokens,
    signal: call.signal,
  });
  const id = started.body.authorisationId ?? readAuthorisationId(Object.values(started.body._links));
  if (id === null) throw started.malformed('neither it nor its links name the authorisation');
  return { started, id };
}

/** PUT: goes on with it, by the link that the bank gave for this step. */
export async function putAuthorisation(
  bank: BankCalls,
  call: Call,
  { links, body }: { links: string[]; body: object },
) {
  const known = call.work.held.authorisation?.links ?? {};
  return await bank.client.send({
    operation: 'continue an authorisation',
    method: 'PUT',
    path: links.map((name) => known[name]).find(Boolean) ?? authorisationPath(call.work.held),
    headers: toCallHeaders(bank, call),
    body,
    reply: scaReply,
    tokens: call.tokens,
    signal: call.signal,
  });
}

export async function getAuthorisation(bank: BankCalls, call: Call): Promise<Xs2aReply<ScaReply>> {
  const { held } = call.work;
  return await bank.client.send({
    operation: 'read the status of an authorisation',
    method: 'GET',
    path: held.authorisation?.links.scaStatus ?? authorisationPath(held),
    reply: scaReply,
    tokens: call.tokens,
    signal: call.signal,
  });
}

/** Keeps what the reply says of the authorisation, and says what comes next. */
export async function follow(
  bank: BankCalls,
  call: Call,
  reply: Xs2aReply<ScaReply>,
  changes: { id?: string; methodType?: string | null } = {},
): Promise<Progress> {
  const { work } = call;
  const { body } = reply;
  const before = work.held.authorisation ?? emptyAuthorisation;
  const said = toOwnApproach(reply.scaApproach);
  const authorisation = {
    id: changes.id ?? before.id,
    approach: said ?? before.approach,
    methodType: changes.methodType ?? body.chosenScaMethod ?? before.methodType,
    methodTypes: {
      ...before.methodTypes,
      ...Object.fromEntries(body.scaMethods.map((each) => [each.authenticationMethodId, each.authenticationType])),
    },
    links: { ...before.links, ...keepLinks(reply) },
  };
  // A status that says nothing new is not stored again: it is asked for every few seconds.
  if (JSON.stringify(authorisation) !== JSON.stringify(work.held.authorisation)) await work.save({ authorisation });
  const next = toNextStep(body, {
    approach: authorisation.approach ?? usualApproach(bank.entry),
    isIdentified: work.held.psuId !== null,
    methodType: authorisation.methodType,
  });
  if (!next) throw reply.malformed('the authorisation has a status that cannot be continued');
  if (next.step === 'identify' || next.step === 'authenticate') {
    const asksCorporateId = bank.entry.psuCorporateIdType !== null;
    return { next: asksCorporateId ? { ...next, asksCorporateId } : next, message: body.psuMessage };
  }
  if (next.step !== 'enter-otp' || next.challenge.image || !body.challengeData?.imageLink) {
    return { next, message: body.psuMessage };
  }
  const image = await loadImage(bank, call, reply);
  return { next: { ...next, challenge: { ...next.challenge, image } }, message: body.psuMessage };
}

/** Only from the bank's own origin; without it there is still the text. */
async function loadImage(bank: BankCalls, call: Call, reply: Xs2aReply<ScaReply>): Promise<string | null> {
  const href = reply.body.challengeData?.imageLink ?? '';
  if (href.startsWith('data:')) return toImageUrl(href);
  const path = reply.resolveOwn(href);
  if (!path) return null;
  const base64 = await bank.client
    .download({ operation: 'load the image of a challenge', path, tokens: call.tokens, signal: call.signal })
    .catch(() => null);
  return base64 === null ? null : toImageUrl(base64);
}

/** The links of the interface, below our base URL; those to pages are used at once and not kept. */
export function keepLinks(reply: Pick<Xs2aReply<Pick<ScaReply, '_links'>>, 'body' | 'toPath'>): Record<string, string> {
  const { scaRedirect: _redirect, scaOAuth: _oauth, ...links } = reply.body._links;
  return Object.fromEntries(
    Object.entries(links).flatMap(([name, href]) => {
      const path = reply.toPath(href);
      return path === null ? [] : [[name, path]];
    }),
  );
}

export function toOwnApproach(scaApproach: string | null): OwnApproach | null {
  return scaApproach === 'decoupled' || scaApproach === 'embedded' ? scaApproach : null;
}

/** A status without a word on it is mostly asked while a decoupled SCA runs. */
export function usualApproach(entry: BankEntry): OwnApproach {
  return entry.preferredApproach === 'embedded' ? 'embedded' : 'decoupled';
}

/** The segment after `/authorisations/` in any of the links. */
export function readAuthorisationId(hrefs: readonly string[]): string | null {
  for (const href of hrefs) {
    const segment = /\/authorisations\/([\w.~%-]+)(?:[/?]|$)/.exec(href)?.[1];
    try {
      if (segment) return decodeURIComponent(segment);
    } catch {
      // Not a well-formed percent encoding.
    }
  }
  return null;
}

function authorisationPath(held: Held): string {
  return `${authorisationsPath(held)}/${encodeURIComponent(held.authorisation?.id ?? '')}`;
}

function authorisationsPath({ consentId }: Held): string {
  return `/v1/consents/${encodeURIComponent(consentId ?? '')}/authorisations`;
}
