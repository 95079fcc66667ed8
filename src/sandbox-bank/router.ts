import { setTimeout as delay } from 'node:timers/promises';
import { answerAccounts } from './account-routes.ts';
import { answerApp } from './app-pages.ts';
import type { BankDeps } from './bank-deps.ts';
import { answerConsents } from './consent-routes.ts';
import { type BankReply, type BankRequest, Refusal } from './exchange.ts';
import { answerOnlineBanking } from './online-banking.ts';
import { answerPages } from './pages.ts';
import { findPerson } from './persons.ts';
import { checkHeaders } from './request-headers.ts';
import { identifyTpp, type TppDemands } from './tpp-identity.ts';

const variants = ['redirect', 'decoupled', 'embedded'] as const;

export interface RouterOptions extends Omit<BankDeps, 'variant' | 'baseUrl'> {
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
    const variant = variants.find((each) => each === path[0]);
    const deps = {
      ...common,
      variant: variant ?? 'redirect',
      baseUrl: () => `${url()}${variant ? `/${variant}` : ''}`,
    };
    const [area, resource, ...rest] = variant ? path.slice(1) : path;
    if (area === 'pages') return answerPages(deps, request, [resource ?? '', ...rest]);
    if (area === 'app') return answerApp(deps, request);
    if (area === 'banking') return answerOnlineBanking(deps, request, resource);
    if (area !== 'v1') throw unknownResource();
    checkHeaders(request);
    const known = { ...request, tpp: identifyTpp(request, { ...demands, now: common.now() }) };
    if (resource === 'consents') return answerConsents(deps, known, rest);
    if (resource !== 'accounts') throw unknownResource();
    const consent = common.state.findConsent(request.header('consent-id') ?? '');
    const isSlow = findPerson(consent?.psuId ?? '')?.trouble === 'slow';
    const waitMs = isSlow ? Math.max(slowMs, latencyMs) : latencyMs;
    if (waitMs > 0) await delay(waitMs, undefined, { signal });
    return answerAccounts(deps, known, rest);
  };
}

function unknownResource(): Refusal {
  return new Refusal(404, 'RESOURCE_UNKNOWN', 'There is no such resource.');
}
