import type { BankEntry } from '../../domain/bank-entry.ts';
import type { Clock } from '../../domain/clock.ts';
import { BankFailure } from '../bank-failure.ts';
import { type BankLearnings, learnInMemory } from '../bank-learnings.ts';
import type { BankConsent, BankPort, CallOptions, ConsentRequest, KeptCredentials, PsuContext } from '../bank-port.ts';
import { createAccountReading } from './account-reading.ts';
import type { BankCalls, Call } from './authorisation-calls.ts';
import { type ConnectionLimits, connectionLimits } from './bank-connection.ts';
import { toConsentAccess } from './consent-access.ts';
import { deleteConsent, getConsent } from './consent-calls.ts';
import { advance } from './consent-start.ts';
import { comeBack, continueConsent, lookAfter } from './consent-steps.ts';
import { emptyHeld, type Held, readHeld, startWork, type Work, workOn, writeHeld } from './credentials.ts';
import { createOAuthServer } from './oauth-server.ts';
import { createPasswordEncryption } from './password-encryption.ts';
import { tokensOf, tokensOfKept } from './token-source.ts';
import { createXs2aClient } from './xs2a-client.ts';

export interface BerlinGroupBank extends BankPort {
  /** Ends the connections, after what is under way. */
  close(): Promise<void>;
}

export interface BerlinGroupDeps {
  clock: Clock;
  /** @default what this process learns */
  learnt?: BankLearnings;
  limits?: Partial<ConnectionLimits>;
}

/**
 * A bank that speaks NextGenPSD2 XS2A 1.3. Throws a StartupError when the entry's certificates or keys cannot be used; calls
 * the bank only when it is asked to, and then once: trying again is the caller's to decide, for the bank counts.
 */
export function createBerlinGroupBank(entry: BankEntry, deps: BerlinGroupDeps): BerlinGroupBank {
  const { clock, learnt = learnInMemory() } = deps;
  const client = createXs2aClient(entry, deps);
  const oauth = createOAuthServer(entry, { clock, limits: { ...connectionLimits, ...deps.limits } });
  const bank: BankCalls = { entry, client, clock, learnt, oauth, encryptPassword: createPasswordEncryption(entry) };
  const reading = createAccountReading(bank);

  async function alone<T>(
    kept: KeptCredentials,
    given: CallOptions & { psu: PsuContext | null },
    run: (call: Call) => Promise<T>,
  ): Promise<T> {
    return await workOn(kept, async (work) => await run({ ...given, work, tokens: tokensOf(bank, work) }));
  }

  /** For what mostly changes nothing: nobody else has to wait. */
  const looking = (kept: KeptCredentials, options: CallOptions): Call => ({
    ...options,
    psu: null,
    work: lookInto(kept),
    tokens: tokensOfKept(bank, kept),
  });

  return {
    begin: async (request) => await begin(bank, request),
    continue: async (kept, { input, ...given }) =>
      await alone(kept, given, async (call) => await continueConsent(bank, call, input)),
    callback: async (kept, returned) =>
      await alone(kept, returned, async (call) => await comeBack(bank, call, returned)),
    getProgress: async (kept, options = {}) => await lookAfter(bank, looking(kept, options)),
    getConsent: async (kept, options = {}) =>
      findWithoutAsking(bank, readHeld(kept.text)) ?? (await getConsent(bank, looking(kept, options))),
    end: async (kept, options = {}) => await end(bank, looking(kept, options)),
    listAccounts: async (access, options) => await reading.listAccounts(toConsentAccess(bank, access), options),
    readBalances: async (account, access) => await reading.readBalances(account, toConsentAccess(bank, access)),
    listTransactions: (account, query, access) =>
      reading.listTransactions(account, query, toConsentAccess(bank, access)),
    close: async () => void (await Promise.all([client.close(), oauth.close()])),
  };
}

async function begin(bank: BankCalls, { psu, signal, ibans, ...terms }: ConsentRequest) {
  const { redirectUrl, nokRedirectUrl, callbackUrl, state, recurring, validUntil, frequencyPerDay } = terms;
  const work = startWork({
    ...emptyHeld,
    ibans: ibans.length > 0 ? [...ibans] : null,
    terms: { redirectUrl, nokRedirectUrl, callbackUrl, state, recurring, validUntil, frequencyPerDay },
  });
  const progress = await advance(bank, { work, psu, tokens: tokensOf(bank, work), ...(signal && { signal }) });
  return { credentials: writeHeld(work.held), progress };
}

/**
 * Where there is no consent at the bank, the token is all that counts. Where the end user is sent to the authorisation server, what the
 * bank says of the consent counts with the token alone: whoever knows the state comes back without a code, too.
 */
function findWithoutAsking({ entry }: BankCalls, held: Held): BankConsent | null {
  const awaitsTokens = held.server !== null && held.tokens === null;
  if (held.consentId !== null && !held.tokensLost && !awaitsTokens) return null;
  if (!held.terms) throw new BankFailure('CONSENT_INVALID', `${entry.id} has no such consent.`);
  const { recurring, validUntil, frequencyPerDay } = held.terms;
  const isGranted = held.tokens !== null && entry.oauth?.when === 'instead';
  const status = held.tokensLost ? 'expired' : isGranted ? 'valid' : 'received';
  return { status, recurring, validUntil, frequencyPerDay };
}

async function end(bank: BankCalls, call: Call): Promise<void> {
  const { held } = call.work;
  // With the tokens lost there is nothing to end, and nothing to ask with.
  if (held.tokensLost) return;
  if (held.consentId !== null) await deleteConsent(bank, call).catch(unlessTokensLost);
  if (!call.work.held.tokensLost) await bank.oauth.revoke(call.work.held, call.signal);
}

/** What the bank has not said itself, but its authorisation server, or our own calendar. */
function unlessTokensLost(error: unknown): void {
  if (!(error instanceof BankFailure)) throw error;
  const isOurs = error.code === 'CONSENT_EXPIRED' && error.details.httpStatus === undefined;
  if (!isOurs && error.details.oauthError !== 'invalid_grant') throw error;
}

/** Stored credentials as they are now; changes are stored alone. */
function lookInto(kept: KeptCredentials): Work {
  return {
    get held() {
      return readHeld(kept.text);
    },
    save: async (changes) => await workOn(kept, async (work) => await work.save(changes)),
  };
}
