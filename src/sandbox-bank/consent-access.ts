import type { BankDeps } from './bank-deps.ts';
import type { ConsentState } from './consent-state.ts';
import { dayOf } from './days.ts';
import { Refusal } from './exchange.ts';
import type { TppRequest } from './tpp-identity.ts';

/** A one-off consent is good for this long after the SCA. */
const oneOffMs = 30 * 60_000;
/** A consent that nobody confirms is given up after this long. */
const unconfirmedMs = 24 * 3_600_000;

/** The consent, where it is this TPP's and was made at this bank. */
export function getConsent(deps: BankDeps, request: TppRequest, id: string): ConsentState {
  const consent = deps.state.findConsent(id);
  if (!consent || consent.variant !== deps.variant || consent.bank !== deps.habits.name)
    throw new Refusal(403, 'CONSENT_UNKNOWN', 'There is no such consent.');
  if (consent.tpp !== request.tpp) throw new Refusal(400, 'CONSENT_UNKNOWN', 'The consent is not yours.');
  return consent;
}

/** The status now: time ends consents without anybody doing anything. */
export function presentStatus(deps: Pick<BankDeps, 'now'>, consent: ConsentState): ConsentState['status'] {
  const now = deps.now();
  if (consent.status === 'received' || consent.status === 'partiallyAuthorised') {
    return now.getTime() > consent.createdAt + unconfirmedMs ? 'rejected' : consent.status;
  }
  if (consent.status !== 'valid') return consent.status;
  if (consent.validUntil < dayOf(now)) return 'expired';
  const usedUp = !consent.recurring && now.getTime() > (consent.authorisedAt ?? 0) + oneOffMs;
  return usedUp ? 'expired' : 'valid';
}

/** What the completed SCA makes of a consent. */
export function authorised(now: Date): Partial<ConsentState> {
  return { status: 'valid', scaStatus: 'finalised', authorisedAt: now.getTime(), lastActionAt: now.getTime() };
}

export function saveChange(deps: BankDeps, consent: ConsentState, change: Partial<ConsentState>): ConsentState {
  const changed = { ...consent, ...change };
  deps.state.saveConsent(changed);
  return changed;
}
