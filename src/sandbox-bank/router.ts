import { setTimeout as delay } from 'node:timers/promises';
import { answerAccounts } from './account-routes.ts';
import { answerApp } from './app-pages.ts';
import type { BankDeps } from './bank-deps.ts';
import { answerConsents } from './consent-routes.ts';
import { type BankReply, type BankRequest, Refusal } from './exchange.ts';
import { apiKey, findHabits, plainHabits } from './habits.ts';
import { checkToken } from './oauth-access.ts';
import { answerOAuth } from './oauth-routes.ts';
import { answerOnlineBanking } from './online-banking.ts';
import { answerPages } from './pages.ts';
import { findPerson } from './persons.ts';
import { checkHeaders } from './request-headers.ts';
import { identifyTpp, type TppDemands } from './tpp-identity.ts';

export interface RouterOptions extends Omit<BankDeps, 'variant' | 'habits' | 'baseUrl'> {
  /** Without a slash at the end. */
  url(): string;
  demands: TppDemands;
  slowMs: number;
  latencyMs: number;
  /** Ends what still waits. */
  signal: AbortSignal;
}

/** Finds who answers a request. Rejects with a {@link Refusal} where the answer is no. */
export function createRouter({ url, demands, slowMs, latencyMs, signal, ...common }: RouterOptions) {
  return async (request: BankRequest): Promise<BankReply> => {
    const path = request.url.pathname.split('/').filter((part) => part !== '');
    const found = findHabits(path[0]);
    const habits = found ?? plainHabits;
    const baseUrl = () => `${url()}${found ? `/${path[0]}` : ''}`;
    const deps = { ...common, habits, variant: habits.approach, baseUrl };
    const [area, resource, ...rest] = found ? path.slice(1) : path;
    if (area === 'pages') return answerPages(deps, request, [resource ?? '', ...rest]);
    if (area === 'app') return answerApp(deps, request);
    if (area === 'banking') return answerOnlineBanking(deps, request, resource);
    if (habits.oauth && (area === 'oauth' || area === '.well-known'))
      return answerOAuth(deps, request, [area, resource ?? '']);
    if (area !== 'v1') throw unknownResource();
    checkHeaders(request);
    const known = { ...request, tpp: identifyTpp(request, { ...demands, now: common.now() }) };
    if (habits.wantsApiKey && request.header('x-api-key') !== apiKey) {
      throw new Refusal(401, 'CERTIFICATE_MISSING', 'X-API-Key is missing or wrong.');
    }
    if (resource === 'consents') return answerConsents(deps, known, rest);
    if (resource !== 'accounts') throw unknownResource();
    const consentId = habits.oauth === 'instead' ? checkToken(deps, request).consentId : request.header('consent-id');
    const consent = common.state.findConsent(consentId ?? '');
    const isSlow = findPerson(consent?.psuId ?? '')?.trouble === 'slow';
    const waitMs = isSlow ? Math.max(slowMs, latencyMs) : latencyMs;
    if (waitMs > 0) await delay(waitMs, undefined, { signal });
    return answerAccounts(deps, known, rest);
  };
}

function unknownResource(): Refusal {
  return new Refusal(404, 'RESOURCE_UNKNOWN', 'There is no such resource.');
}
