import { describe, expect, it } from 'vitest';
import {
  decideNextStep,
  type NextAction,
  type StandingOfLogin,
  type SynchronizationBlock,
} from '../../src/sync/synchronization-block.ts';

const now = new Date('2026-03-10T10:00:00Z');

function standing(
  given: Partial<StandingOfLogin> = {},
  consent: Partial<NonNullable<StandingOfLogin['consent']>> = {},
): StandingOfLogin {
  return {
    recurring: true,
    secretsStored: true,
    status: 'OK',
    consent: { recurring: true, validUntil: '2026-06-01', authorisedAt: now, scaValidityDays: 180, ...consent },
    consentExpired: false,
    sessionActive: false,
    unattendedAccessesLeft: 4,
    bankFailureCount: 0,
    lastErrorCode: null,
    ...given,
  };
}

const session = 'CREATE_SYNCHRONIZATION_SESSION';
const aMonthAgo = new Date(now.getTime() - 30 * 86_400_000);
const tooOld = new Date(now.getTime() - 181 * 86_400_000);

describe('why there is no fresh data', () => {
  it.each<[when: string, login: StandingOfLogin, blockedBy: SynchronizationBlock | null, nextAction: NextAction]>([
    ['all is well', standing(), null, 'NONE'],
    ['the user is not recurring', standing({ recurring: false }), 'NOT_RECURRING', session],
    ['the consent is a one-off one', standing({}, { recurring: false }), 'NOT_RECURRING', session],
    ['no secrets are stored', standing({ secretsStored: false, consent: null }), 'SECRETS_NOT_STORED', session],
    ['no consent was ever granted', standing({ consent: null }), 'CONSENT_MISSING', session],
    [
      'the consent has run out',
      standing({ consent: null, status: 'SCA_REQUIRED', consentExpired: true }),
      'CONSENT_EXPIRED',
      session,
    ],
    ['the consent has been ended', standing({ consent: null, status: 'SCA_REQUIRED' }), 'CONSENT_MISSING', session],
    [
      'a session for the consent is open already',
      standing({ consent: null, status: 'SCA_REQUIRED', sessionActive: true }),
      'CONSENT_MISSING',
      'WAIT',
    ],
    ['a session runs and all is well', standing({ sessionActive: true }), null, 'NONE'],
    ['the consent ended yesterday', standing({}, { validUntil: '2026-03-09' }), 'CONSENT_EXPIRED', session],
    ['the bank demands SCA', standing({ status: 'SCA_REQUIRED' }), 'SCA_REQUIRED', session],
    ['the SCA is too old', standing({}, { authorisedAt: tooOld }), 'SCA_REQUIRED', session],
    [
      'the SCA is too old for its bank',
      standing({}, { authorisedAt: aMonthAgo, scaValidityDays: 29 }),
      'SCA_REQUIRED',
      session,
    ],
    ['the allowance is used up', standing({ unattendedAccessesLeft: 0 }), 'ACCESS_LIMIT', 'WAIT'],
    [
      'the bank failed once',
      standing({ status: 'SYNC_FAILED', bankFailureCount: 1, lastErrorCode: 'BANK_UNAVAILABLE' }),
      null,
      'WAIT',
    ],
    [
      'the bank has failed again and again',
      standing({ status: 'SYNC_FAILED', bankFailureCount: 3, lastErrorCode: 'BANK_UNAVAILABLE' }),
      'BANK_UNAVAILABLE',
      'WAIT',
    ],
    [
      'the bank does not answer others and is passed over',
      standing({ lastErrorCode: 'BANK_PASSED_OVER' }),
      'BANK_UNAVAILABLE',
      'WAIT',
    ],
    [
      'the bank refuses our certificate',
      standing({ lastErrorCode: 'CERTIFICATE_REJECTED' }),
      'BANK_UNAVAILABLE',
      'CONTACT_SUPPORT',
    ],
    [
      'the bank refuses the request',
      standing({ status: 'SYNC_FAILED', lastErrorCode: 'REQUEST_REFUSED' }),
      'BANK_UNAVAILABLE',
      'CONTACT_SUPPORT',
    ],
    [
      'the bank’s reply cannot be understood',
      standing({ status: 'SYNC_FAILED', lastErrorCode: 'MALFORMED_REPLY' }),
      'BANK_UNAVAILABLE',
      'CONTACT_SUPPORT',
    ],
    [
      'the end user can help and the operator too: the end user comes first',
      standing({ status: 'SCA_REQUIRED', lastErrorCode: 'REQUEST_REFUSED' }),
      'SCA_REQUIRED',
      session,
    ],
  ])('when %s', (_when, login, blockedBy, nextAction) => {
    expect(decideNextStep(login, now)).toEqual({ blockedBy, nextAction });
  });
});
