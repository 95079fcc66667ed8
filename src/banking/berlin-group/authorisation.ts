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
  try {
    return await sendStep(bank, step);
  } catch (error) {
    if (!(error instanceof BankFailure)) throw error;
    const { authorisationId, input } = step;
    if (error.code === 'CREDENTIALS_INVALID' && authorisationId !== null) {
      return await orFailedByNow(bank, { ...step, authorisationId }, error);
    }
    // `…WithPsuAuthentication`: such a bank takes the id only together with the password.
    if (input.step === 'identify' && isBadRequest(error)) {
      return { authorisationId, next: { step: 'authenticate' }, message: null };
    }
    throw error;
  }
}

async function sendStep(bank: BankCalls, step: AuthorisationStep): Promise<Authorisation> {
  const update = toUpdate(step.input);
  if (step.authorisationId === null) {
    const started = await postAuthorisation(bank, step, update);
    return toAuthorisation(started.body.authorisationId, started, toApproach(started, bank.entry));
  }
  const continued = await putAuthorisation(bank, { ...step, authorisationId: step.authorisationId }, update);
  return toAuthorisation(step.authorisationId, continued, toApproach(continued, bank.entry));
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
