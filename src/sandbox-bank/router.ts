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
import { joinTraits } from './traits/trait.ts';
import { selectTraits } from './traits/trait-table.ts';

/** Calls that answer at once would never meet. */
const parallelMs = 20;

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
  const underWay = createCallCounter();
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
    if (resource !== 'accounts' && resource !== 'card-accounts') throw unknownResource();
    const consentId = habits.oauth === 'instead' ? checkToken(deps, request).consentId : request.header('consent-id');
    const consent = common.state.findConsent(consentId ?? '');
    const person = findPerson(consent?.psuId ?? '', common.traits);
    const { parallelCalls } = joinTraits(selectTraits(person?.traits ?? []));
    const waitMs = Math.max(latencyMs, person?.trouble === 'slow' ? slowMs : 0, parallelCalls < 100 ? parallelMs : 0);
    return await underWay.run({ name: consent?.id ?? '', most: parallelCalls }, async () => {
      if (waitMs > 0) await delay(waitMs, undefined, { signal });
      return answerAccounts(deps, known, [resource, ...rest]);
    });
  };
}

/** Refuses a call while as many are under way as may be. */
function createCallCounter() {
  const counts = new Map<string, number>();
  return {
    async run<T>({ name, most }: { name: string; most: number }, call: () => Promise<T>): Promise<T> {
      const count = counts.get(name) ?? 0;
      if (count >= most) throw new Refusal(429, 'SERVICE_BLOCKED', 'There is another call under way.');
      counts.set(name, count + 1);
      try {
        return await call();
      } finally {
        const left = (counts.get(name) ?? 1) - 1;
        if (left > 0) counts.set(name, left);
        else counts.delete(name);
      }
    },
  };
}

function unknownResource(): Refusal {
  return new Refusal(404, 'RESOURCE_UNKNOWN', 'There is no such resource.');
}
