import { BankFailure } from '../bank-failure.ts';
import type { Authorisation, AuthorisationStep } from '../bank-port.ts';
import {
  type BankCalls,
  getAuthorisation,
  postAuthorisation,
  putAuthorisation,
  toApproach,
  toAuthorisation,
} from './authorisation-calls.ts';

/** One step of an embedded or decoupled SCA, with what the end user has entered. */
export async function continueAuthorisation(bank: BankCalls, step: AuthorisationStep): Promise<Authorisation> {
  const { authorisationId } = step;
  if (authorisationId === null) return await startWithInput(bank, step);
  try {
    const reply = await putAuthorisation(bank, { ...step, authorisationId }, toUpdate(step.input));
    return toAuthorisation(authorisationId, reply, toApproach(reply, bank.entry));
  } catch (error) {
    if (!(error instanceof BankFailure) || error.code !== 'CREDENTIALS_INVALID') throw error;
    return await orFailedByNow(bank, { ...step, authorisationId }, error);
  }
}

/** The bank makes the authorisation only now, with the end user's id and, where it wants that, the password. */
async function startWithInput(bank: BankCalls, step: AuthorisationStep): Promise<Authorisation> {
  try {
    const started = await postAuthorisation(bank, step, toUpdate(step.input));
    return toAuthorisation(started.body.authorisationId, started, toApproach(started, bank.entry));
  } catch (error) {
    // `startAuthorisationWithPsuAuthentication`: such a bank takes the id only together with the password.
    const wantsPasswordToo = step.input.step === 'identify' && error instanceof BankFailure && isBadRequest(error);
    if (!wantsPasswordToo) throw error;
    return { authorisationId: null, next: { step: 'authenticate' }, message: null };
  }
}

/**
 * Wrong credentials can be corrected, until the bank ends the authorisation over them. Banks tell the last wrong
 * attempt with the same error as the first: only the authorisation's own status tells the two apart.
 */
async function orFailedByNow(
  bank: BankCalls,
  step: AuthorisationStep & { authorisationId: string },
  failure: BankFailure,
): Promise<Authorisation> {
  let authorisation: Authorisation;
  try {
    authorisation = await getAuthorisation(bank, step);
  } catch (error) {
    if (error instanceof BankFailure) throw failure;
    throw error;
  }
  if (authorisation.next.step !== 'failed') throw failure;
  return authorisation;
}

function toUpdate(input: AuthorisationStep['input']): object {
  switch (input.step) {
    case 'identify':
      return {};
    case 'authenticate':
      return { psuData: { password: input.password } };
    case 'choose-method':
      return { authenticationMethodId: input.methodId };
    case 'enter-otp':
      return { scaAuthenticationData: input.otp };
  }
}

function isBadRequest(failure: BankFailure): boolean {
  return failure.code === 'REQUEST_REFUSED' && failure.details.httpStatus === 400;
}
