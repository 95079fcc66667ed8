import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { answerAuthorisations } from './authorisation-routes.ts';
import type { BankDeps } from './bank-deps.ts';
import { getConsent, presentStatus, saveChange } from './consent-access.ts';
import type { ConsentState } from './consent-state.ts';
import { dayOf, shiftDay } from './days.ts';
import { type BankReply, type BankRequest, Refusal, toJson, wrongMethod } from './exchange.ts';
import { checkToken } from './oauth-access.ts';
import { findPerson } from './persons.ts';
import { parseBody } from './request-body.ts';
import type { TppRequest } from './tpp-identity.ts';

const maximumValidityDays = 180;
const maximumFrequencyPerDay = 4;
const accounts = z.array(z.strictObject({ iban: z.string() })).optional();
const consentBody = z.object({
  access: z
    .strictObject({
      accounts,
      balances: accounts,
      transactions: accounts,
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
    if (request.method === 'GET') {
      if (deps.habits.hidesConsent) throw wrongMethod();
      return toJson(200, toInformation(deps, consent));
    }
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
  const { habits } = deps;
  const login = habits.oauth === 'before-consent' ? checkToken(deps, request) : null;
  const psuId = login ? deps.state.findConsent(login.consentId)?.psuId : request.header('psu-id');
  if (habits.wantsPsuId && !psuId) throw new Refusal(400, 'FORMAT_ERROR', 'PSU-ID is missing.');
  const redirectUri = readAddress(request, 'TPP-Redirect-URI');
  const nokRedirectUri = readAddress(request, 'TPP-Nok-Redirect-URI');
  if (deps.variant === 'redirect' && !redirectUri) {
    throw new Refusal(400, 'FORMAT_ERROR', 'TPP-Redirect-URI is missing.');
  }
  const body = parseBody(consentBody, request.body);
  checkModel(deps, body.access);
  if (body.combinedServiceIndicator) {
    throw new Refusal(400, 'SESSIONS_NOT_SUPPORTED', 'Payments in the same session are not offered.');
  }
  const today = dayOf(deps.now());
  if (body.validUntil < today) throw new Refusal(400, 'PERIOD_INVALID', 'validUntil lies in the past.');
  const latest = shiftDay(today, maximumValidityDays);
  const consent: ConsentState = {
    id: randomUUID(),
    variant: deps.variant,
    bank: habits.name,
    status: 'received',
    tpp: request.tpp,
    recurring: body.recurringIndicator,
    validUntil: [body.validUntil, latest].sort()[0] ?? latest,
    frequencyPerDay: body.recurringIndicator ? Math.min(body.frequencyPerDay, maximumFrequencyPerDay) : 1,
    // The app, and the TPP's own form, lead nowhere else.
    redirectUri: deps.variant === 'redirect' ? redirectUri : null,
    nokRedirectUri: deps.variant === 'redirect' ? nokRedirectUri : null,
    access: body.access,
    ...toStart(deps, psuId ?? null),
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
      ...(consent.authorisationId && deps.habits.start === 'implicit' && { scaStatus: consent.scaStatus }),
      _links: { ...startLinks(deps, consent), self: { href: self }, status: { href: `${self}/status` } },
    },
    { location: self, 'aspsp-sca-approach': deps.variant.toUpperCase() },
  );
}

/** What stands at the beginning of the authorisation. */
function toStart({ variant, habits }: BankDeps, psuId: string | null) {
  const isThere = variant === 'redirect' ? habits.start !== 'explicit' : habits.start === 'implicit';
  const known = psuId !== null && findPerson(psuId) ? psuId : null;
  if (psuId !== null && habits.wantsPsuId && !known) {
    throw new Refusal(401, 'PSU_CREDENTIALS_INVALID', 'This PSU-ID is not known.');
  }
  return {
    psuId: variant === 'redirect' ? null : known,
    authorisationId: isThere ? randomUUID() : null,
    scaStatus: isThere && known && variant !== 'redirect' ? startStatus[variant] : 'received',
    link: variant === 'embedded' ? null : randomBytes(24).toString('base64url'),
  };
}

const startStatus = { decoupled: 'started', embedded: 'psuIdentified' } as const;

/** The plain bank takes all accounts, or those that the end user names at the bank. */
function checkModel({ habits }: BankDeps, { allPsd2, ...lists }: z.infer<typeof consentBody>['access']): void {
  const isNamed = Object.values(lists).some((list) => (list?.length ?? 0) > 0);
  const model = allPsd2 ? 'global' : isNamed ? 'by-iban' : 'bank-offered';
  const isTaken = habits.model === null ? model !== 'by-iban' : habits.model === model;
  if (isTaken) return;
  if (habits.model === null) throw new Refusal(400, 'FORMAT_ERROR', 'Only all accounts are offered.');
  throw new Refusal(400, 'SERVICE_INVALID', 'This kind of consent is not offered.');
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
  const own = { href: `${authorisations}/${consent.authorisationId}` };
  const { start, oauth, wantsPsuId } = deps.habits;
  if (oauth === 'sca') {
    return { scaOAuth: { href: `${deps.baseUrl()}/.well-known/oauth-authorization-server` }, scaStatus: own };
  }
  if (start === 'implicit' && consent.variant !== 'redirect') {
    const isKnown = consent.scaStatus !== 'received';
    if (consent.variant === 'decoupled') return { scaStatus: own };
    return { scaStatus: own, [isKnown ? 'updatePsuAuthentication' : 'updatePsuIdentification']: own };
  }
  if (start === 'explicit' && (wantsPsuId || consent.variant === 'redirect')) {
    return { startAuthorisation: { href: authorisations } };
  }
  switch (consent.variant) {
    case 'redirect':
      return {
        scaRedirect: { href: `${deps.baseUrl()}/pages/${consent.link}` },
        scaStatus: own,
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
