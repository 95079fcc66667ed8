import type { BankEntry } from '../../domain/bank-entry.ts';
import { BankFailure } from '../bank-failure.ts';
import type { Authorisation, CallOptions, PsuContext } from '../bank-port.ts';
import { type OwnApproach, toNextStep } from './authorisation-mapping.ts';
import { isHeaderValue, toPsuHeaders } from './psu-headers.ts';
import { type ScaReply, scaReply, scaStartedReply } from './replies.ts';
import type { Xs2aClient, Xs2aReply } from './xs2a-client.ts';

/** What every call to one bank needs. */
export interface BankCalls {
  entry: BankEntry;
  client: Xs2aClient;
}

export interface AuthorisationCall extends CallOptions {
  consentId: string;
  psu: PsuContext;
  psuId: string | undefined;
}

/** POST: makes the authorisation. `body` uploads what the bank wants with the start; `{}` where it wants nothing. */
export async function postAuthorisation(
  { entry, client }: BankCalls,
  call: AuthorisationCall & { headers?: Record<string, string> },
  body: object,
) {
  return await client.send({
    operation: 'start an authorisation',
    method: 'POST',
    path: authorisationsPath(call.consentId),
    headers: { ...toPsuHeaders(call.psu, entry), ...toPsuIdHeader(entry.id, call.psuId), ...call.headers },
    body,
    reply: scaStartedReply,
    signal: call.signal,
  });
}

/** PUT: goes on with it. */
export async function putAuthorisation(
  { entry, client }: BankCalls,
  call: AuthorisationCall & { authorisationId: string },
  body: object,
) {
  return await client.send({
    operation: 'continue an authorisation',
    method: 'PUT',
    path: `${authorisationsPath(call.consentId)}/${encodeURIComponent(call.authorisationId)}`,
    headers: { ...toPsuHeaders(call.psu, entry), ...toPsuIdHeader(entry.id, call.psuId) },
    body,
    reply: scaReply,
    signal: call.signal,
  });
}

export async function getAuthorisation(
  { entry, client }: BankCalls,
  call: CallOptions & { consentId: string; authorisationId: string },
): Promise<Authorisation> {
  const reply = await client.send({
    operation: 'read the status of an authorisation',
    method: 'GET',
    path: `${authorisationsPath(call.consentId)}/${encodeURIComponent(call.authorisationId)}`,
    reply: scaReply,
    signal: call.signal,
  });
  return toAuthorisation(call.authorisationId, reply, toApproach(reply, entry));
}

export function toAuthorisation(
  authorisationId: string,
  reply: Xs2aReply<ScaReply>,
  approach: OwnApproach,
): Authorisation {
  const next = toNextStep(reply.body, approach);
  if (!next) throw reply.malformed('the authorisation has a status that cannot be continued');
  return { authorisationId, next, message: reply.body.psuMessage };
}

/** The bank's word where it gives one. A status without one is mostly asked while a decoupled SCA runs. */
export function toApproach(reply: Xs2aReply<unknown>, entry: BankEntry): OwnApproach {
  if (reply.scaApproach === 'decoupled' || reply.scaApproach === 'embedded') return reply.scaApproach;
  return entry.preferredApproach === 'embedded' ? 'embedded' : 'decoupled';
}

/** The end user has typed the id: what cannot even be sent is a wrong one. */
export function toPsuIdHeader(bankId: string, psuId: string | undefined): Record<string, string> {
  if (psuId === undefined) return {};
  if (isHeaderValue(psuId)) return { 'psu-id': psuId };
  throw new BankFailure('CREDENTIALS_INVALID', `${bankId} cannot know a PSU id with such characters.`, {
    details: { bankId },
  });
}

function authorisationsPath(consentId: string): string {
  return `/v1/consents/${encodeURIComponent(consentId)}/authorisations`;
}
