import { type ConsentModel, consentModels } from '../../domain/bank-entry.ts';
import { BankFailure } from '../bank-failure.ts';
import type { BankConsent } from '../bank-port.ts';
import { type BankCalls, type Call, toCallHeaders, toRedirectHeaders } from './authorisation-calls.ts';
import { toBankConsent, toConsentStatus } from './consent-mapping.ts';
import { type ConsentCreatedReply, consentCreatedReply, consentReply, consentStatusReply } from './consent-replies.ts';
import type { Held } from './credentials.ts';
import type { Xs2aReply } from './xs2a-client.ts';

/** What the bank has taken last, of the consent models. */
const modelFact = 'consentModel';
/** With these a bank says that it does not offer what we asked for. */
const modelRefusals = new Set(['SERVICE_INVALID', 'PARAMETER_NOT_SUPPORTED', 'FORMAT_ERROR']);

export type ConsentCreated = Xs2aReply<ConsentCreatedReply>;

/** Asks for a consent by the models that are left, or says what must be known of the end user before. */
export async function createConsent(
  bank: BankCalls,
  call: Call,
): Promise<{ created: ConsentCreated } | { wants: 'identify' | 'name-accounts' }> {
  const { held } = call.work;
  const learnt = bank.entry.consentModel === 'auto' ? await bank.learnt.get(modelFact) : null;
  let refusal: BankFailure | null = null;
  for (const model of toModels(bank.entry.consentModel, learnt)) {
    if (model === 'by-iban' && !held.ibans?.length) return { wants: 'name-accounts' };
    try {
      const created = await postConsent(bank, call, toAccess(model, held));
      // What nobody has refused needs no memory.
      if (refusal && learnt !== model) await bank.learnt.put(modelFact, model);
      return { created };
    } catch (error) {
      if (!(error instanceof BankFailure) || error.code !== 'REQUEST_REFUSED') throw error;
      if (error.details.missesPsuId === true && held.psuId === null) return { wants: 'identify' };
      if (!modelRefusals.has(String(error.details.messageCode))) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}

function toModels(wanted: 'auto' | ConsentModel, learnt: string | null): readonly ConsentModel[] {
  if (wanted !== 'auto') return [wanted];
  const first = consentModels.filter((model) => model === learnt);
  return [...first, ...consentModels.filter((model) => model !== learnt)];
}

function toAccess(model: ConsentModel, { ibans }: Held): object {
  switch (model) {
    case 'global':
      return { allPsd2: 'allAccounts' };
    case 'bank-offered':
      return { accounts: [], balances: [], transactions: [] };
    case 'by-iban': {
      const accounts = (ibans ?? []).map((iban) => ({ iban }));
      return { accounts, balances: accounts, transactions: accounts };
    }
  }
}

async function postConsent(bank: BankCalls, call: Call, access: object): Promise<ConsentCreated> {
  const { terms } = call.work.held;
  return await bank.client.send({
    operation: 'create a consent',
    method: 'POST',
    path: '/v1/consents',
    headers: { ...toCallHeaders(bank, call), ...toRedirectHeaders(bank.entry, call.work.held) },
    body: {
      access,
      recurringIndicator: terms?.recurring,
      validUntil: terms?.validUntil,
      frequencyPerDay: terms?.frequencyPerDay,
      combinedServiceIndicator: false,
    },
    reply: consentCreatedReply,
    tokens: call.tokens,
    signal: call.signal,
  });
}

/** Needs a consent at the bank. */
export async function getConsent(bank: BankCalls, call: Call): Promise<BankConsent> {
  const { held } = call.work;
  const path = consentPath(held);
  const request = { operation: 'read a consent', method: 'GET' as const, tokens: call.tokens, signal: call.signal };
  try {
    const reply = await bank.client.send({ ...request, path, reply: consentReply });
    const consent = toBankConsent(reply.body, held);
    if (!consent) throw reply.malformed('it does not say until when the consent is good');
    return consent;
  } catch (error) {
    const isRefused = error instanceof BankFailure && error.code === 'REQUEST_REFUSED';
    if (!isRefused || !held.terms) throw error;
    const { body } = await bank.client.send({ ...request, path: `${path}/status`, reply: consentStatusReply });
    const { recurring, validUntil, frequencyPerDay } = held.terms;
    return { status: toConsentStatus(body.consentStatus), recurring, validUntil, frequencyPerDay };
  }
}

/** Any 2xx will do, 202 too: some banks end a consent later. */
export async function deleteConsent(bank: BankCalls, call: Call): Promise<void> {
  try {
    await bank.client.send({
      operation: 'end a consent',
      method: 'DELETE',
      path: consentPath(call.work.held),
      reply: null,
      tokens: call.tokens,
      signal: call.signal,
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

function consentPath({ consentId }: Held): string {
  return `/v1/consents/${encodeURIComponent(consentId ?? '')}`;
}
