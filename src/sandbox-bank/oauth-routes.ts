import { randomBytes, randomUUID } from 'node:crypto';
import type { BankDeps } from './bank-deps.ts';
import { saveChange } from './consent-access.ts';
import type { ConsentState } from './consent-state.ts';
import { dayOf, shiftDay } from './days.ts';
import { type BankReply, type BankRequest, toJson } from './exchange.ts';
import { exchangeCode, type Refreshed, refreshTokens } from './oauth-grants.ts';
import { page } from './page-layout.ts';

/** Answers what lies under /.well-known and /oauth: the bank's authorisation server. */
export function answerOAuth(deps: BankDeps, request: BankRequest, path: string[]): BankReply {
  const [area, part] = path;
  if (area === '.well-known' && part === 'oauth-authorization-server') return toJson(200, toMetadata(deps));
  if (part === 'authorize' && request.method === 'GET') return authorize(deps, request.url.searchParams);
  const form = new URLSearchParams(request.body);
  if (part === 'token' && request.method === 'POST') return giveTokens(deps, form);
  if (part === 'revoke' && request.method === 'POST') return revoke(deps, form);
  return { status: 404 };
}

function toMetadata({ baseUrl }: BankDeps): object {
  const base = baseUrl();
  return {
    issuer: base,
    authorization_endpoint: `${base}/oauth/authorize`,
    token_endpoint: `${base}/oauth/token`,
    revocation_endpoint: `${base}/oauth/revoke`,
    authorization_response_iss_parameter_supported: true,
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
    response_types_supported: ['code'],
  };
}

/** Leads to the bank's own pages: those of the consent in the scope, or of a login where there is none yet. */
function authorize(deps: BankDeps, given: URLSearchParams): BankReply {
  const redirectUri = given.get('redirect_uri') ?? '';
  const clientId = given.get('client_id') ?? '';
  const challenge = given.get('code_challenge') ?? '';
  const isWellFormed =
    given.get('response_type') === 'code' && given.get('code_challenge_method') === 'S256' && challenge && clientId;
  if (!isWellFormed || !URL.canParse(redirectUri)) {
    return page(400, 'This request cannot be used', '<p>Please go back and start again.</p>');
  }
  const consent = deps.habits.oauth === 'sca' ? findNamed(deps, given.get('scope') ?? '') : createLogin(deps, clientId);
  if (!consent) return page(404, 'There is no such consent', '<p>Please go back and start again.</p>');
  deps.state.grants.save({
    id: randomUUID(),
    consentId: consent.id,
    bank: deps.habits.name,
    clientId,
    redirectUri,
    challenge,
    state: given.get('state') ?? '',
    code: null,
    generations: [],
    isOver: false,
    reuseCount: 0,
  });
  return { status: 303, headers: { location: `${deps.baseUrl()}/pages/${consent.link}` } };
}

function findNamed({ state, habits }: BankDeps, scope: string): ConsentState | null {
  const id = /^AIS:(\S+)$/.exec(scope)?.[1] ?? '';
  const consent = state.findConsent(id);
  return consent?.status === 'received' && consent.bank === habits.name ? consent : null;
}

/** Not a consent of the interface: what stands behind the tokens of a login. */
function createLogin(deps: BankDeps, tpp: string): ConsentState {
  const now = deps.now().getTime();
  const consent: ConsentState = {
    id: randomUUID(),
    variant: 'redirect',
    bank: deps.habits.name,
    status: 'received',
    tpp,
    recurring: true,
    validUntil: shiftDay(dayOf(deps.now()), 180),
    frequencyPerDay: 4,
    redirectUri: null,
    nokRedirectUri: null,
    access: { allPsd2: 'allAccounts' },
    psuId: null,
    authorisationId: null,
    scaStatus: 'received',
    link: randomBytes(24).toString('base64url'),
    scaMethodId: null,
    wrongOtpCount: 0,
    createdAt: now,
    authorisedAt: null,
    lastActionAt: now,
    readAccounts: [],
  };
  deps.state.saveConsent(consent);
  return consent;
}

/** Where the bank's page leads at its end, where an authorisation of this server waits for it; null where none does. */
export function findOAuthReturn(deps: BankDeps, consentId: string, isApproved: boolean): string | null {
  const grant = deps.state.grants.findByConsent(consentId);
  if (!grant || grant.generations.length > 0) return null;
  const url = new URL(grant.redirectUri);
  url.searchParams.set('state', grant.state);
  url.searchParams.set('iss', deps.baseUrl());
  if (isApproved) {
    const code = `${grant.id}.${randomBytes(16).toString('base64url')}`;
    deps.state.grants.save({ ...grant, code });
    url.searchParams.set('code', code);
  } else {
    url.searchParams.set('error', 'access_denied');
  }
  return url.href;
}

function giveTokens(deps: BankDeps, form: URLSearchParams): BankReply {
  const { grants } = deps.state;
  const expiresAt = deps.now().getTime() + deps.tokenSeconds * 1_000;
  switch (form.get('grant_type')) {
    case 'authorization_code':
      return toTokens(
        deps,
        exchangeCode(
          grants,
          {
            code: form.get('code') ?? '',
            verifier: form.get('code_verifier') ?? '',
            redirectUri: form.get('redirect_uri') ?? '',
            clientId: form.get('client_id') ?? '',
            bank: deps.habits.name,
          },
          expiresAt,
        ),
      );
    case 'refresh_token': {
      deps.onRefresh();
      const refreshed = refreshTokens(grants, form.get('refresh_token') ?? '', expiresAt);
      return toTokens(deps, refreshed);
    }
    default:
      return toJson(400, { error: 'unsupported_grant_type' });
  }
}

function toTokens(deps: BankDeps, refreshed: Refreshed): BankReply {
  if (refreshed === 'invalid_grant') return toJson(400, { error: 'invalid_grant' });
  const { access, refresh } = refreshed.tokens;
  const headers = { 'cache-control': 'no-store' };
  const tokens = { access_token: access, token_type: 'Bearer', expires_in: deps.tokenSeconds, refresh_token: refresh };
  return toJson(200, tokens, headers);
}

function revoke(deps: BankDeps, form: URLSearchParams): BankReply {
  const grant = deps.state.grants.findByToken(form.get('token') ?? '');
  if (!grant) return { status: 200 };
  deps.state.grants.save({ ...grant, isOver: true });
  // A login of this server alone ends with its tokens; a consent that they stand for ends by itself.
  const consent = deps.habits.oauth === 'sca' ? null : deps.state.findConsent(grant.consentId);
  if (consent?.status === 'valid') {
    saveChange(deps, consent, { status: 'terminatedByTpp', lastActionAt: deps.now().getTime() });
  }
  return { status: 200 };
}
