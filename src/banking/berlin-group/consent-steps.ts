import { BankFailure } from '../bank-failure.ts';
import type { BankCallback, EnteredStep, Progress } from '../bank-port.ts';
import { type BankCalls, type Call, follow, getAuthorisation, putAuthorisation } from './authorisation-calls.ts';
import { deleteConsent } from './consent-calls.ts';
import { advance, asksCorporateId, only, startExplicitly } from './consent-start.ts';

type Input = EnteredStep['input'];

/** One step of a consent, with what the end user has entered. */
export async function continueConsent(bank: BankCalls, call: Call, input: Input): Promise<Progress> {
  switch (input.step) {
    case 'identify':
      return await identify(bank, call, input);
    case 'name-accounts':
      await call.work.save({ ibans: [...input.ibans] });
      return await advance(bank, call);
    case 'authenticate': {
      const { psuId, corporateId } = input;
      await call.work.save({ psuId, corporateId });
      const body = { psuData: await toPsuData(bank, call, input.password) };
      if (!call.work.held.authorisation?.id) return await startExplicitly(bank, call, body);
      const links = ['updatePsuAuthentication', 'updateEncryptedPsuAuthentication'];
      return await update(bank, call, { links, body });
    }
    case 'choose-method': {
      const { methodId } = input;
      const methodType = call.work.held.authorisation?.methodTypes[methodId] ?? null;
      const body = { authenticationMethodId: methodId };
      return await update(bank, call, { links: ['selectAuthenticationMethod'], body, methodType });
    }
    case 'enter-otp': {
      const body = { scaAuthenticationData: input.otp };
      return await update(bank, call, { links: ['authoriseTransaction'], body, isCode: true });
    }
    case 'enter-confirmation-code':
      return await confirm(bank, call, input.code);
  }
}

async function identify(
  bank: BankCalls,
  call: Call,
  { psuId, corporateId }: Extract<Input, { step: 'identify' }>,
): Promise<Progress> {
  const { work } = call;
  await work.save({ psuId, corporateId });
  const { consentId, authorisation } = work.held;
  if (consentId === null) return await advance(bank, call);
  try {
    if (!authorisation?.id) return await startExplicitly(bank, call);
    return await update(bank, call, { links: ['updatePsuIdentification'], body: {} });
  } catch (error) {
    if (!(error instanceof BankFailure) || error.code !== 'REQUEST_REFUSED') throw error;
    // `…WithPsuAuthentication`: such a bank takes the id only together with the password.
    if (error.details.httpStatus === 400) return only({ step: 'authenticate', ...asksCorporateId(bank.entry) });
    if (!authorisation?.id) throw error;
    // The authorisation cannot be told any more whose it is: another consent begins with it.
    await deleteConsent(bank, call).catch(() => {});
    await work.save({ consentId: null, authorisation: null });
    return await advance(bank, call);
  }
}

async function toPsuData({ entry, encryptPassword }: BankCalls, call: Call, password: string): Promise<object> {
  if (encryptPassword) return { encryptedPassword: await encryptPassword(password) };
  const links = call.work.held.authorisation?.links ?? {};
  const wantsEncrypted =
    links.updateEncryptedPsuAuthentication ?? links.startAuthorisationWithEncryptedPsuAuthentication;
  const takesPlain = links.updatePsuAuthentication ?? links.startAuthorisationWithPsuAuthentication;
  if (!wantsEncrypted || takesPlain) return { password };
  throw new BankFailure('REQUEST_REFUSED', `${entry.id} wants passwords encrypted: name its key as passwordKeyFile.`, {
    details: { bankId: entry.id, httpStatus: null },
  });
}

interface Update {
  /** Names of the link that leads to the step, the likeliest first. */
  links: string[];
  body: object;
  methodType?: string | null;
  /** What banks answer a wrong code with differs. */
  isCode?: true;
}

async function update(bank: BankCalls, call: Call, { methodType = null, isCode, ...given }: Update): Promise<Progress> {
  try {
    return await follow(bank, call, await putAuthorisation(bank, call, given), { methodType });
  } catch (error) {
    if (!(error instanceof BankFailure)) throw error;
    const isWrong = error.code === 'CREDENTIALS_INVALID' || (isCode && isWrongCode(error));
    return isWrong ? await orFailedByNow(bank, call, error) : throwOn(error);
  }
}

const wrongCodes = new Set(['SCA_INVALID', 'FORMAT_ERROR']);

function isWrongCode({ code, details }: BankFailure): boolean {
  return code === 'REQUEST_REFUSED' && wrongCodes.has(String(details.messageCode));
}

/**
 * Wrong credentials can be corrected, until the bank ends the authorisation over them. Banks tell the last wrong
 * attempt with the same error as the first: only the authorisation's own status tells the two apart.
 */
async function orFailedByNow(bank: BankCalls, call: Call, failure: BankFailure): Promise<Progress> {
  const wrong = new BankFailure('CREDENTIALS_INVALID', failure.message, { details: failure.details });
  const reply = await getAuthorisation(bank, call).catch((error: unknown) => {
    throw error instanceof BankFailure ? wrong : error;
  });
  if (reply.body.scaStatus !== 'failed') throw wrong;
  return { next: { step: 'failed' }, message: reply.body.psuMessage };
}

async function confirm(bank: BankCalls, call: Call, confirmationCode: string): Promise<Progress> {
  return await update(bank, call, { links: ['confirmation'], body: { confirmationCode }, isCode: true });
}

/** Back from the authorisation server, or from the bank's own page. */
export async function comeBack(bank: BankCalls, call: Call, { parameters, signal }: BankCallback): Promise<Progress> {
  if (call.work.held.codeVerifier !== null) {
    if (!(await bank.oauth.exchange(call.work, { parameters, signal }))) return only({ step: 'failed' });
    return call.work.held.consentId === null ? await advance(bank, call) : only({ step: 'done' });
  }
  const code = parameters.get('confirmationCode') ?? parameters.get('code');
  const mayBeUnconfirmed = code !== null || Boolean(call.work.held.authorisation?.links.confirmation);
  if (!mayBeUnconfirmed) return only({ step: 'done' });
  const progress = await lookAfter(bank, call);
  if (progress.next.step !== 'enter-confirmation-code' || code === null) return toEnd(progress);
  try {
    return toEnd(await confirm(bank, call, code));
  } catch (error) {
    // The code is not the one: the end user may know another.
    if (error instanceof BankFailure && error.code === 'CREDENTIALS_INVALID') return progress;
    throw error;
  }
}

/** After the bank's page only a confirmation is ever wanted of us: for all else the consent itself is asked. */
function toEnd(progress: Progress): Progress {
  const { step } = progress.next;
  return step === 'enter-confirmation-code' || step === 'failed' ? progress : only({ step: 'done' });
}

/** Where the authorisation stands; `done` where there is none to ask after. */
export async function lookAfter(bank: BankCalls, call: Call): Promise<Progress> {
  const { authorisation } = call.work.held;
  if (!authorisation?.id && !authorisation?.links.scaStatus) return only({ step: 'done' });
  return await follow(bank, call, await getAuthorisation(bank, call));
}

function throwOn(error: BankFailure): never {
  throw error;
}
