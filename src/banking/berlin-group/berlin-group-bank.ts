import type { BankEntry } from '../../domain/bank-entry.ts';
import { BankFailure } from '../bank-failure.ts';
import { type BankLearnings, learnInMemory } from '../bank-learnings.ts';
import type { BankPort, CallOptions, ConsentRequest, StartedConsent } from '../bank-port.ts';
import { createAccountReading } from './account-reading.ts';
import { continueAuthorisation } from './authorisation.ts';
import { getAuthorisation, toPsuIdHeader } from './authorisation-calls.ts';
import { beginAuthorisation } from './authorisation-start.ts';
import { toBankConsent, toConsentStatus } from './mapping.ts';
import { toPsuHeaders } from './psu-headers.ts';
import { consentCreatedReply, consentReply } from './replies.ts';
import { createXs2aClient, type Xs2aClient, type Xs2aClientDeps } from './xs2a-client.ts';

export interface BerlinGroupBank extends BankPort {
  /** Ends the connections, after what is under way. */
  close(): Promise<void>;
}

export interface BerlinGroupDeps extends Xs2aClientDeps {
  /** @default what this process learns */
  learnt?: BankLearnings;
}

/**
 * A bank that speaks NextGenPSD2 XS2A 1.3. Throws a StartupError when the entry's certificates cannot be used; calls
 * the bank only when it is asked to, and then once: trying again is the caller's to decide, for the bank counts.
 */
export function createBerlinGroupBank(entry: BankEntry, deps: BerlinGroupDeps): BerlinGroupBank {
  const { clock, learnt = learnInMemory() } = deps;
  const client = createXs2aClient(entry, deps);
  const bank = { entry, client };
  return {
    ...createAccountReading(bank, { clock, learnt }),
    createConsent: async (request) => await createConsent(entry, client, request),
    getConsent: async (consentId, options = {}) => await getConsent(client, consentId, options),
    endConsent: async (consentId, options = {}) => await endConsent(client, consentId, options),
    continueAuthorisation: async (step) => await continueAuthorisation(bank, step),
    getAuthorisation: async (consentId, authorisationId, options = {}) =>
      await getAuthorisation(bank, { ...options, consentId, authorisationId }),
    close: client.close,
  };
}

async function createConsent(entry: BankEntry, client: Xs2aClient, request: ConsentRequest): Promise<StartedConsent> {
  const headers = {
    'tpp-redirect-uri': request.redirectUrl,
    'tpp-nok-redirect-uri': request.nokRedirectUrl,
    'tpp-redirect-preferred': String(entry.preferredApproach === 'redirect'),
    'tpp-decoupled-preferred': String(entry.preferredApproach === 'decoupled'),
  };
  const created = await client.send({
    operation: 'create a consent',
    method: 'POST',
    path: '/v1/consents',
    headers: { ...toPsuHeaders(request.psu, entry), ...toPsuIdHeader(entry.id, request.psuId), ...headers },
    body: {
      access: { allPsd2: 'allAccounts' },
      recurringIndicator: request.recurring,
      validUntil: request.validUntil,
      frequencyPerDay: request.frequencyPerDay,
      combinedServiceIndicator: false,
    },
    reply: consentCreatedReply,
    signal: request.signal,
  });
  const { consentId, consentStatus } = created.body;
  const call = { consentId, psu: request.psu, psuId: request.psuId, headers, ...toOptions(request) };
  const next = await beginAuthorisation({ entry, client }, created, call);
  return { consentId, status: toConsentStatus(consentStatus), next };
}

async function getConsent(client: Xs2aClient, consentId: string, options: CallOptions) {
  const { body } = await client.send({
    operation: 'read a consent',
    method: 'GET',
    path: `/v1/consents/${encodeURIComponent(consentId)}`,
    reply: consentReply,
    signal: options.signal,
  });
  return toBankConsent(body);
}

async function endConsent(client: Xs2aClient, consentId: string, options: CallOptions): Promise<void> {
  try {
    await client.send({
      operation: 'end a consent',
      method: 'DELETE',
      path: `/v1/consents/${encodeURIComponent(consentId)}`,
      reply: null,
      signal: options.signal,
    });
  } catch (error) {
    if (error instanceof BankFailure && isGone(error)) return;
    throw error;
  }
}

/** The consent cannot be used any more, which is what was wanted. */
function isGone(failure: BankFailure): boolean {
  const { httpStatus, messageCode } = failure.details;
  return httpStatus === 404 || messageCode === 'CONSENT_UNKNOWN' || messageCode === 'CONSENT_EXPIRED';
}

function toOptions({ signal }: CallOptions): CallOptions {
  return signal ? { signal } : {};
}
