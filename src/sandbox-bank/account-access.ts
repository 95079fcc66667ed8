import type { BankDeps } from './bank-deps.ts';
import { getConsent, presentStatus } from './consent-access.ts';
import type { ConsentState } from './consent-state.ts';
import { toConsented } from './consented-accounts.ts';
import { BareRefusal, Refusal } from './exchange.ts';
import { checkToken } from './oauth-access.ts';
import type { Person, PersonAccount } from './person.ts';
import { findPerson } from './persons.ts';
import { toUuid } from './random.ts';
import type { TppRequest } from './tpp-identity.ts';
import { idSuffixMark } from './traits/account-traits.ts';
import { type JoinedTraits, joinTraits } from './traits/trait.ts';
import { selectTraits } from './traits/trait-table.ts';
import { toAccountKey } from './transaction-generator.ts';

/** A reading of accounts under a consent. */
export interface Access {
  consent: ConsentState;
  person: Person;
  /** Whether the end user has asked for it, right now. */
  attended: boolean;
  traits: JoinedTraits;
}

/** A reading of one account. */
export interface AccountAccess extends Access {
  account: PersonAccount;
  index: number;
  /** What the bank's books know the account by. */
  key: string;
}

/** What the request may read. Refuses what no valid consent is behind. */
export function checkAccess(deps: BankDeps, request: TppRequest): Access {
  const consent = findUsed(deps, request);
  const status = presentStatus(deps, consent);
  if (status === 'expired') throw new Refusal(401, 'CONSENT_EXPIRED', 'The consent has expired.');
  const found = findPerson(consent.psuId ?? '', deps.traits);
  if (status !== 'valid' || !found) throw new Refusal(401, 'CONSENT_INVALID', 'The consent is not valid.');
  const person = toConsented(found, consent);
  const fetchedOnce = consent.readAccounts.length >= person.accounts.length;
  if (person.trouble === 'bank-down' && fetchedOnce) {
    throw new BareRefusal(503, 'The bank is down for maintenance.');
  }
  return {
    consent,
    person,
    attended: request.header('psu-ip-address') !== null,
    traits: joinTraits(selectTraits(person.traits)),
  };
}

/** The one that the request names; that of its token where tokens stand instead of consents. */
function findUsed(deps: BankDeps, request: TppRequest): ConsentState {
  const { oauth } = deps.habits;
  const grant = oauth ? checkToken(deps, request) : null;
  if (oauth === 'instead') return deps.state.findConsent(grant?.consentId ?? '') as ConsentState;
  const consentId = request.header('consent-id');
  if (!consentId) throw new Refusal(400, 'FORMAT_ERROR', 'Consent-ID is missing.');
  const consent = getConsent(deps, request, consentId);
  if (oauth === 'sca' && grant?.consentId !== consent.id) {
    throw new Refusal(401, 'TOKEN_INVALID', 'The access token is not one of this consent.');
  }
  return consent;
}

export function findAccount(access: Access, resourceId: string, isCard = false): AccountAccess {
  const { consent, person } = access;
  const [id] = resourceId.split(idSuffixMark);
  const index = person.accounts.findIndex((_, i) => toResourceId(consent, i) === id);
  const account = person.accounts[index];
  if (!account || (account.maskedPan !== undefined) !== isCard)
    throw new Refusal(404, 'RESOURCE_UNKNOWN', 'There is no such account under this consent.');
  return { ...access, account, index, key: toAccountKey(person, account) };
}

// RTS Art. 36(5)(b), as banks apply it: per consent, account and endpoint, in any 24 hours. A one-off consent is for one access,
// whoever is there.
export function countAccess(deps: BankDeps, { consent, person, attended }: Access, endpoint: string): void {
  if (attended && consent.recurring) return;
  const key = `${consent.id}/${endpoint}`;
  const nowMs = deps.now().getTime();
  const limit = Math.min(consent.frequencyPerDay, person.accessesPerDay ?? Number.POSITIVE_INFINITY);
  if (deps.state.accesses(key, nowMs) >= limit) {
    throw new Refusal(429, 'ACCESS_EXCEEDED', 'The allowed accesses of the day are used up.');
  }
  deps.state.addAccess(key, nowMs);
}

// Stable for the life of one consent only, as the protocol promises no more.
export function toResourceId(consent: ConsentState, index: number): string {
  return toUuid(`${consent.id}/${index}`);
}

export function toAccountUrl(deps: BankDeps, { consent, person }: Access, index: number): string {
  const list = person.accounts[index]?.maskedPan === undefined ? 'accounts' : 'card-accounts';
  return `${deps.baseUrl()}/v1/${list}/${toResourceId(consent, index)}`;
}
