import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { BankDeps } from './bank-deps.ts';
import { authorised, presentStatus, saveChange } from './consent-access.ts';
import type { ConsentState } from './consent-state.ts';
import { toConsented } from './consented-accounts.ts';
import { type BankReply, type BankRequest, Refusal, toJson, wrongMethod } from './exchange.ts';
import { allowedWrongOtps, findPerson, otp, password } from './persons.ts';
import { parseBody } from './request-body.ts';

const authorisationBody = z.object({
  psuData: z.object({ password: z.string() }).optional(),
  authenticationMethodId: z.string().optional(),
  scaAuthenticationData: z.string().optional(),
  confirmationCode: z.string().optional(),
});

const scaMethods = [
  { authenticationType: 'SMS_OTP', authenticationMethodId: 'sms', name: 'SMS to the phone ending in 42' },
  { authenticationType: 'CHIP_OTP', authenticationMethodId: 'chip', name: 'Card reader' },
];

/** Answers what lies under /v1/consents/{consentId}/authorisations. */
export function answerAuthorisations(
  deps: BankDeps,
  request: BankRequest,
  { consent, authorisationId }: { consent: ConsentState; authorisationId: string | undefined },
): BankReply {
  if (!authorisationId) return answerAll(deps, request, consent);
  if (authorisationId !== consent.authorisationId)
    throw new Refusal(404, 'RESOURCE_UNKNOWN', 'There is no such authorisation.');
  if (request.method === 'GET') return toJson(200, { scaStatus: consent.scaStatus });
  if (request.method === 'PUT' && consent.scaStatus === 'unconfirmed') return confirm(deps, request, consent);
  // In the other approaches only the bank's own pages go on: a TPP that could would go past them.
  if (request.method !== 'PUT' || deps.variant !== 'embedded') throw wrongMethod();
  return continueEmbedded(deps, request, { consent, status: 200 });
}

function answerAll(deps: BankDeps, request: BankRequest, consent: ConsentState): BankReply {
  if (request.method === 'GET') {
    return toJson(200, { authorisationIds: consent.authorisationId ? [consent.authorisationId] : [] });
  }
  if (request.method !== 'POST') throw wrongMethod();
  if (presentStatus(deps, consent) !== 'received')
    throw new Refusal(403, 'CONSENT_EXPIRED', 'The consent awaits no authorisation.');
  // A token has told whose it is.
  const psuId = request.header('psu-id') ?? consent.psuId;
  if (deps.variant === 'redirect') {
    const authorisationId = consent.authorisationId ?? randomUUID();
    return toJson(201, toScaReply(deps, saveChange(deps, consent, { authorisationId })));
  }
  if (!psuId || !findPerson(psuId)) throw new Refusal(401, 'PSU_CREDENTIALS_INVALID', 'This PSU-ID is not known.');
  const { psuData } = parseBody(authorisationBody, request.body);
  const started = saveChange(deps, consent, {
    psuId,
    authorisationId: randomUUID(),
    scaStatus: deps.variant === 'decoupled' ? 'started' : 'psuIdentified',
    link: deps.variant === 'decoupled' ? randomBytes(24).toString('base64url') : null,
  });
  if (deps.variant === 'embedded' && psuData) {
    return continueEmbedded(deps, request, { consent: started, status: 201 });
  }
  return toJson(201, toScaReply(deps, started), { 'aspsp-sca-approach': deps.variant.toUpperCase() });
}

/** What the bank's page gives the browser to take to the TPP. */
export function confirmationCodeOf({ id }: ConsentState): string {
  return id.slice(0, 8);
}

function confirm(deps: BankDeps, request: BankRequest, consent: ConsentState): BankReply {
  const { confirmationCode } = parseBody(authorisationBody, request.body);
  if (confirmationCode !== confirmationCodeOf(consent)) {
    throw new Refusal(400, 'SCA_INVALID', 'The confirmation code is wrong.');
  }
  const done = saveChange(deps, consent, authorised(deps.now()));
  return toJson(200, {
    scaStatus: done.scaStatus,
    _links: { status: { href: `${deps.baseUrl()}/v1/consents/${done.id}/status` } },
  });
}

function toScaReply(deps: BankDeps, consent: ConsentState): Record<string, unknown> {
  const self = `${deps.baseUrl()}/v1/consents/${consent.id}/authorisations/${consent.authorisationId}`;
  const scaStatus = { scaStatus: { href: self } };
  const common = { scaStatus: consent.scaStatus, authorisationId: consent.authorisationId };
  if (deps.variant === 'decoupled') {
    return {
      ...common,
      psuMessage: 'Please approve the access in the app of your bank.',
      _links: scaStatus,
    };
  }
  if (deps.variant === 'redirect') {
    return { ...common, _links: { scaRedirect: { href: `${deps.baseUrl()}/pages/${consent.link}` }, ...scaStatus } };
  }
  switch (consent.scaStatus) {
    case 'psuIdentified':
      return { ...common, _links: { updatePsuAuthentication: { href: self }, ...scaStatus } };
    case 'psuAuthenticated':
      return {
        ...common,
        scaMethods,
        _links: { selectAuthenticationMethod: { href: self }, ...scaStatus },
      };
    case 'scaMethodSelected':
      return {
        ...common,
        chosenScaMethod: scaMethods.find((method) => method.authenticationMethodId === consent.scaMethodId),
        challengeData: {
          otpMaxLength: 6,
          otpFormat: 'integer',
          additionalInformation: 'Enter the code that we have sent.',
        },
        _links: { authoriseTransaction: { href: self }, ...scaStatus },
      };
    default:
      return { ...common, _links: scaStatus };
  }
}

function continueEmbedded(
  deps: BankDeps,
  request: BankRequest,
  { consent, status }: { consent: ConsentState; status: number },
): BankReply {
  if (presentStatus(deps, consent) !== 'received') {
    throw new Refusal(409, 'STATUS_INVALID', 'The consent awaits no authorisation.');
  }
  const body = parseBody(authorisationBody, request.body);
  const save = (change: Partial<ConsentState>): BankReply => {
    return toJson(status, toScaReply(deps, saveChange(deps, consent, change)));
  };
  const psuId = request.header('psu-id');
  if (consent.scaStatus === 'received' && psuId && findPerson(psuId))
    return save({ psuId, scaStatus: 'psuIdentified' });
  if (body.psuData && consent.scaStatus === 'psuIdentified') {
    if (body.psuData.password !== password) throw new Refusal(401, 'PSU_CREDENTIALS_INVALID', 'The password is wrong.');
    return save({ scaStatus: 'psuAuthenticated' });
  }
  if (body.authenticationMethodId && consent.scaStatus === 'psuAuthenticated') {
    if (!scaMethods.some((method) => method.authenticationMethodId === body.authenticationMethodId)) {
      throw new Refusal(400, 'SCA_METHOD_UNKNOWN', 'There is no such method.');
    }
    return save({ scaStatus: 'scaMethodSelected', scaMethodId: body.authenticationMethodId });
  }
  if (body.scaAuthenticationData && consent.scaStatus === 'scaMethodSelected') {
    const person = findPerson(consent.psuId ?? '');
    const hasNothing = person !== null && toConsented(person, consent).accounts.length === 0;
    if (hasNothing || person?.trouble === 'sca-fails') return save({ scaStatus: 'failed', status: 'rejected' });
    if (body.scaAuthenticationData === otp) return save(authorised(deps.now()));
    const wrongOtpCount = consent.wrongOtpCount + 1;
    if (wrongOtpCount >= allowedWrongOtps) return save({ wrongOtpCount, scaStatus: 'failed', status: 'rejected' });
    save({ wrongOtpCount });
    throw new Refusal(401, 'PSU_CREDENTIALS_INVALID', 'The code is wrong.');
  }
  throw new Refusal(409, 'STATUS_INVALID', 'The authorisation does not wait for this.');
}
