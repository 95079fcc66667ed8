import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { answerAuthorisations } from './authorisation-routes.ts';
import type { BankDeps } from './bank-deps.ts';
import { getConsent, presentStatus, saveChange } from './consent-access.ts';
import type { ConsentState } from './consent-state.ts';
import { dayOf, shiftDay } from './days.ts';
import { type BankReply, type BankRequest, Refusal, toJson, wrongMethod } from './exchange.ts';
import { parseBody } from './request-body.ts';
import type { TppRequest } from './tpp-identity.ts';

const maximumValidityDays = 180;
const maximumFrequencyPerDay = 4;
const anyAccount = z
  .array(z.never(), 'Only all accounts, or those that the end user names at the bank, are offered.')
  .optional();
const consentBody = z.object({
  access: z
    .strictObject({
      accounts: anyAccount,
      balances: anyAccount,
      transactions: anyAccount,
      allPsd2: z.enum(['allAccounts', 'allAccountsWithOwnerName']).optional(),
    })
    .refine((access) => Object.keys(access).length > 0, 'names nothing that is to be accessed'),
  recurringIndicator: z.boolean(),
  validUntil: z.iso.date(),
  frequencyPerDay: z.int().min(1),
  combinedServiceIndicator: z.boolean(),
});

/** Answers what lies under /v1/consents. */
export function answerConsents(deps: BankDeps, request: TppRequest, path: string[]): BankReply {
  const [consentId, part, authorisationId, ...more] = path;
  if (!consentId) {
    if (request.method !== 'POST') throw wrongMethod();
    return createConsent(deps, request);
  }
  const consent = getConsent(deps, request, consentId);
  if (!part) {
    if (request.method === 'GET') return toJson(200, toInformation(deps, consent));
    if (request.method !== 'DELETE') throw wrongMethod();
    return endConsent(deps, consent);
  }
  if (part === 'authorisations' && more.length === 0) {
    return answerAuthorisations(deps, request, { consent, authorisationId });
  }
  if (part !== 'status' || authorisationId) throw new Refusal(404, 'RESOURCE_UNKNOWN', 'There is no such resource.');
  if (request.method !== 'GET') throw wrongMethod();
  return toJson(200, { consentStatus: presentStatus(deps, consent) });
}

function endConsent(deps: BankDeps, consent: ConsentState): BankReply {
  const status = presentStatus(deps, consent);
  const isOver = !['received', 'partiallyAuthorised', 'valid'].includes(status);
  // How it has ended stays known.
  saveChange(deps, consent, isOver ? { status } : { status: 'terminatedByTpp', lastActionAt: deps.now().getTime() });
  return { status: 204 };
}

function createConsent(deps: BankDeps, request: TppRequest): BankReply {
  if (!request.header('psu-ip-address')) throw new Refusal(400, 'FORMAT_ERROR', 'PSU-IP-Address is missing.');
  const redirectUri = readAddress(request, 'TPP-Redirect-URI');
  const nokRedirectUri = readAddress(request, 'TPP-Nok-Redirect-URI');
  if (deps.variant === 'redirect' && !redirectUri) {
    throw new Refusal(400, 'FORMAT_ERROR', 'TPP-Redirect-URI is missing.');
  }
  const body = parseBody(consentBody, request.body);
  if (body.combinedServiceIndicator) {
    throw new Refusal(400, 'SESSIONS_NOT_SUPPORTED', 'Payments in the same session are not offered.');
  }
  const today = dayOf(deps.now());
  if (body.validUntil < today) throw new Refusal(400, 'PERIOD_INVALID', 'validUntil lies in the past.');
  const latest = shiftDay(today, maximumValidityDays);
  const consent: ConsentState = {
    id: randomUUID(),
    variant: deps.variant,
    status: 'received',
    tpp: request.tpp,
    recurring: body.recurringIndicator,
    validUntil: [body.validUntil, latest].sort()[0] ?? latest,
    frequencyPerDay: body.recurringIndicator ? Math.min(body.frequencyPerDay, maximumFrequencyPerDay) : 1,
    // The app, and the TPP's own form, lead nowhere else.
    redirectUri: deps.variant === 'redirect' ? redirectUri : null,
    nokRedirectUri: deps.variant === 'redirect' ? nokRedirectUri : null,
    access: body.access,
    psuId: null,
    authorisationId: deps.variant === 'redirect' ? randomUUID() : null,
    scaStatus: 'received',
    link: deps.variant === 'redirect' ? randomBytes(24).toString('base64url') : null,
    scaMethodId: null,
    wrongOtpCount: 0,
    createdAt: deps.now().getTime(),
    authorisedAt: null,
    lastActionAt: deps.now().getTime(),
    readAccounts: [],
  };
  deps.state.saveConsent(consent);
  const self = `${deps.baseUrl()}/v1/consents/${consent.id}`;
  return toJson(
    201,
    {
      consentStatus: consent.status,
      consentId: consent.id,
      _links: { ...startLinks(deps, consent), self: { href: self }, status: { href: `${self}/status` } },
    },
    { location: self, 'aspsp-sca-approach': deps.variant.toUpperCase() },
  );
}

/** Browsers are sent there: nothing but a web page will do. */
function readAddress(request: BankRequest, name: string): string | null {
  const value = request.header(name);
  if (value === null) return null;
  const protocol = URL.canParse(value) ? new URL(value).protocol : null;
  if (protocol === 'http:' || protocol === 'https:') return value;
  throw new Refusal(400, 'FORMAT_ERROR', `${name} is no address of a web page.`);
}

function startLinks(deps: BankDeps, consent: ConsentState): Record<string, { href: string }> {
  const authorisations = `${deps.baseUrl()}/v1/consents/${consent.id}/authorisations`;
  switch (consent.variant) {
    case 'redirect':
      return {
        scaRedirect: { href: `${deps.baseUrl()}/pages/${consent.link}` },
        scaStatus: { href: `${authorisations}/${consent.authorisationId}` },
      };
    case 'decoupled':
      return { startAuthorisationWithPsuIdentification: { href: authorisations } };
    case 'embedded':
      return { startAuthorisationWithPsuAuthentication: { href: authorisations } };
  }
}

function toInformation(deps: BankDeps, consent: ConsentState) {
  return {
    access: consent.access,
    recurringIndicator: consent.recurring,
    validUntil: consent.validUntil,
    frequencyPerDay: consent.frequencyPerDay,
    lastActionDate: dayOf(new Date(consent.lastActionAt)),
    consentStatus: presentStatus(deps, consent),
  };
}
