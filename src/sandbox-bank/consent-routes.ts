import { randomBytes, randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { z } from 'zod';
import type { BankState, ConsentState } from './bank-state.ts';
import { type BankReply, type BankRequest, Refusal, toJson } from './exchange.ts';
import { findPerson, otp, password } from './persons.ts';
import { shiftDay } from './transaction-generator.ts';

export interface ConsentRoutesDeps {
  state: BankState;
  now(): Date;
  /** Of this bank and variant, without a slash at the end. */
  baseUrl(): string;
  variant: ConsentState['variant'];
}

const maximumValidityDays = 180;
const maximumFrequencyPerDay = 4;
const references = z.array(z.looseObject({})).optional();
const consentBody = z.object({
  access: z.object({
    accounts: references,
    balances: references,
    transactions: references,
    allPsd2: z.enum(['allAccounts', 'allAccountsWithOwnerName']).optional(),
    availableAccounts: z.string().optional(),
  }),
  recurringIndicator: z.boolean(),
  validUntil: z.iso.date(),
  frequencyPerDay: z.int().min(1),
  combinedServiceIndicator: z.boolean(),
});

const authorisationBody = z.object({
  psuData: z.object({ password: z.string() }).optional(),
  authenticationMethodId: z.string().optional(),
  scaAuthenticationData: z.string().optional(),
});

const scaMethods = [
  { authenticationType: 'SMS_OTP', authenticationMethodId: 'sms', name: 'SMS to the phone ending in 42' },
  { authenticationType: 'CHIP_OTP', authenticationMethodId: 'chip', name: 'Card reader' },
];

/** Answers what lies under /v1/consents. */
export function answerConsents(deps: ConsentRoutesDeps, request: BankRequest, path: string[]): BankReply {
  const [consentId, part, authorisationId] = path;
  if (!consentId) {
    if (request.method !== 'POST') throw wrongMethod();
    return createConsent(deps, request);
  }
  const consent = getConsent(deps, request, consentId);
  if (!part) {
    if (request.method === 'GET') return toJson(200, toInformation(deps, consent));
    if (request.method !== 'DELETE') throw wrongMethod();
    deps.state.saveConsent({ ...consent, status: 'terminatedByTpp', lastActionAt: deps.now().getTime() });
    return { status: 204 };
  }
  if (part === 'status') return toJson(200, { consentStatus: presentStatus(deps, consent) });
  if (part !== 'authorisations') throw new Refusal(404, 'RESOURCE_UNKNOWN', 'There is no such resource.');
  if (!authorisationId) return answerAuthorisations(deps, request, consent);
  if (authorisationId !== consent.authorisationId)
    throw new Refusal(404, 'RESOURCE_UNKNOWN', 'There is no such authorisation.');
  if (request.method === 'GET') return toJson(200, { scaStatus: consent.scaStatus });
  // In the other approaches only the bank's own pages go on: a TPP that could would go past them.
  if (request.method !== 'PUT' || deps.variant !== 'embedded') throw wrongMethod();
  return continueEmbedded(deps, request, consent);
}

function wrongMethod(): Refusal {
  return new Refusal(405, 'SERVICE_INVALID', 'This method is not offered here.');
}

function createConsent(deps: ConsentRoutesDeps, request: BankRequest): BankReply {
  const address = request.header('psu-ip-address');
  if (!address || isIP(address) === 0)
    throw new Refusal(400, 'FORMAT_ERROR', 'PSU-IP-Address is missing or no address.');
  const redirectUri = request.header('tpp-redirect-uri');
  if (deps.variant === 'redirect' && (!redirectUri || !URL.canParse(redirectUri))) {
    throw new Refusal(400, 'FORMAT_ERROR', 'TPP-Redirect-URI is missing or no address.');
  }
  const body = parseBody(consentBody, request.body);
  const today = deps.now().toISOString().slice(0, 10);
  if (body.validUntil < today) throw new Refusal(400, 'PERIOD_INVALID', 'validUntil lies in the past.');
  const latest = shiftDay(today, maximumValidityDays);
  const consent: ConsentState = {
    id: randomUUID(),
    variant: deps.variant,
    status: 'received',
    tpp: tppOf(request),
    recurring: body.recurringIndicator,
    validUntil: [body.validUntil, latest].sort()[0] ?? latest,
    frequencyPerDay: body.recurringIndicator ? Math.min(body.frequencyPerDay, maximumFrequencyPerDay) : 1,
    redirectUri,
    nokRedirectUri: request.header('tpp-nok-redirect-uri'),
    psuId: null,
    authorisationId: deps.variant === 'redirect' ? randomUUID() : null,
    scaStatus: 'received',
    link: deps.variant === 'redirect' ? randomBytes(24).toString('base64url') : null,
    wrongOtpCount: 0,
    createdAt: deps.now().getTime(),
    authorisedAt: null,
    lastActionAt: deps.now().getTime(),
    readAccounts: [],
  };
  deps.state.saveConsent(consent);
  const self = `/v1/consents/${consent.id}`;
  return toJson(
    201,
    {
      consentStatus: consent.status,
      consentId: consent.id,
      _links: { ...startLinks(deps, consent), self: { href: self }, status: { href: `${self}/status` } },
    },
    { location: `${deps.baseUrl()}${self}`, 'aspsp-sca-approach': deps.variant.toUpperCase() },
  );
}

function startLinks(deps: ConsentRoutesDeps, consent: ConsentState): Record<string, { href: string }> {
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

/** The consent, where it is this TPP's and was made at this bank. */
export function getConsent(deps: ConsentRoutesDeps, request: BankRequest, id: string): ConsentState {
  const consent = deps.state.findConsent(id);
  if (!consent || consent.variant !== deps.variant)
    throw new Refusal(403, 'CONSENT_UNKNOWN', 'There is no such consent.');
  if (consent.tpp !== tppOf(request)) throw new Refusal(400, 'CONSENT_UNKNOWN', 'The consent is not yours.');
  return consent;
}

function tppOf(request: BankRequest): string {
  return request.header('tpp-signature-certificate') ?? request.header('x-tpp-id') ?? 'anonymous';
}

/** A one-off consent is good for this long after the SCA. */
const oneOffMs = 30 * 60_000;

export function presentStatus(deps: Pick<ConsentRoutesDeps, 'now'>, consent: ConsentState): ConsentState['status'] {
  if (consent.status !== 'valid') return consent.status;
  const now = deps.now();
  if (consent.validUntil < now.toISOString().slice(0, 10)) return 'expired';
  const usedUp = !consent.recurring && now.getTime() > (consent.authorisedAt ?? 0) + oneOffMs;
  return usedUp ? 'expired' : 'valid';
}

function toInformation(deps: ConsentRoutesDeps, consent: ConsentState) {
  return {
    access: { allPsd2: 'allAccounts' },
    recurringIndicator: consent.recurring,
    validUntil: consent.validUntil,
    frequencyPerDay: consent.frequencyPerDay,
    lastActionDate: new Date(consent.lastActionAt).toISOString().slice(0, 10),
    consentStatus: presentStatus(deps, consent),
  };
}

function answerAuthorisations(deps: ConsentRoutesDeps, request: BankRequest, consent: ConsentState): BankReply {
  if (request.method === 'GET') {
    return toJson(200, { authorisationIds: consent.authorisationId ? [consent.authorisationId] : [] });
  }
  if (request.method !== 'POST') throw wrongMethod();
  if (consent.status !== 'received') throw new Refusal(403, 'CONSENT_EXPIRED', 'The consent awaits no authorisation.');
  const psuId = request.header('psu-id');
  if (deps.variant === 'redirect') return toJson(201, toScaReply(deps, consent));
  if (!psuId || !findPerson(psuId)) throw new Refusal(401, 'PSU_CREDENTIALS_INVALID', 'This PSU-ID is not known.');
  const started: ConsentState = {
    ...consent,
    psuId,
    authorisationId: randomUUID(),
    scaStatus: deps.variant === 'decoupled' ? 'started' : 'psuIdentified',
    link: deps.variant === 'decoupled' ? randomBytes(24).toString('base64url') : null,
  };
  deps.state.saveConsent(started);
  if (deps.variant === 'embedded' && request.body.includes('psuData'))
    return continueEmbedded(deps, request, started, 201);
  return toJson(201, toScaReply(deps, started), { 'aspsp-sca-approach': deps.variant.toUpperCase() });
}

function toScaReply(deps: ConsentRoutesDeps, consent: ConsentState): Record<string, unknown> {
  const self = `${deps.baseUrl()}/v1/consents/${consent.id}/authorisations/${consent.authorisationId}`;
  const common = { scaStatus: consent.scaStatus, authorisationId: consent.authorisationId };
  if (deps.variant === 'decoupled') {
    return {
      ...common,
      psuMessage: 'Please approve the access in the app of your bank.',
      _links: { scaStatus: { href: self } },
    };
  }
  switch (consent.scaStatus) {
    case 'psuIdentified':
      return { ...common, _links: { updatePsuAuthentication: { href: self }, scaStatus: { href: self } } };
    case 'psuAuthenticated':
      return {
        ...common,
        scaMethods,
        _links: { selectAuthenticationMethod: { href: self }, scaStatus: { href: self } },
      };
    case 'scaMethodSelected':
      return {
        ...common,
        chosenScaMethod: scaMethods[0],
        challengeData: {
          otpMaxLength: 6,
          otpFormat: 'integer',
          additionalInformation: 'Enter the code that we have sent.',
        },
        _links: { authoriseTransaction: { href: self }, scaStatus: { href: self } },
      };
    default:
      return { ...common, _links: { scaStatus: { href: self } } };
  }
}

const allowedWrongOtps = 3;

function continueEmbedded(
  deps: ConsentRoutesDeps,
  request: BankRequest,
  consent: ConsentState,
  status = 200,
): BankReply {
  const body = parseBody(authorisationBody, request.body);
  const save = (change: Partial<ConsentState>): BankReply => {
    const changed = { ...consent, ...change };
    deps.state.saveConsent(changed);
    return toJson(status, toScaReply(deps, changed));
  };
  if (body.psuData && consent.scaStatus === 'psuIdentified') {
    if (body.psuData.password !== password) throw new Refusal(401, 'PSU_CREDENTIALS_INVALID', 'The password is wrong.');
    return save({ scaStatus: 'psuAuthenticated' });
  }
  if (body.authenticationMethodId && consent.scaStatus === 'psuAuthenticated') {
    if (!scaMethods.some((method) => method.authenticationMethodId === body.authenticationMethodId)) {
      throw new Refusal(400, 'SCA_METHOD_UNKNOWN', 'There is no such method.');
    }
    return save({ scaStatus: 'scaMethodSelected' });
  }
  if (body.scaAuthenticationData && consent.scaStatus === 'scaMethodSelected') {
    const person = findPerson(consent.psuId ?? '');
    if (person?.trouble === 'sca-fails') return save({ scaStatus: 'failed', status: 'rejected' });
    if (body.scaAuthenticationData === otp) return save(authorised(deps.now()));
    const wrongOtpCount = consent.wrongOtpCount + 1;
    if (wrongOtpCount >= allowedWrongOtps) return save({ wrongOtpCount, scaStatus: 'failed', status: 'rejected' });
    save({ wrongOtpCount });
    throw new Refusal(401, 'PSU_CREDENTIALS_INVALID', 'The code is wrong.');
  }
  throw new Refusal(409, 'STATUS_INVALID', 'The authorisation does not wait for this.');
}

/** What the completed SCA makes of a consent. */
export function authorised(now: Date): Partial<ConsentState> {
  return { status: 'valid', scaStatus: 'finalised', authorisedAt: now.getTime(), lastActionAt: now.getTime() };
}

function parseBody<T>(schema: z.ZodType<T>, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal(400, 'FORMAT_ERROR', 'The body is not JSON.');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refusal(400, 'FORMAT_ERROR', `${issue?.path.join('.')}: ${issue?.message}`);
}
