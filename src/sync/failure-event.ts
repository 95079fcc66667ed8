import type { NewEvent } from '../events/event-record.ts';
import { type LoginFailureCode, messageFor } from './synchronization-failure.ts';

/** A login whose synchronization has failed, as receivers are told of it. */
export interface FailedLogin {
  clientId: string;
  userId: string;
  externalId: string | null;
  bankLoginId: string;
  bankId: string;
  bankName: string;
}

export interface FailureToTell {
  code: LoginFailureCode;
  trigger: 'CONNECT' | 'SCHEDULER' | 'MANUAL';
  cycleId: string | null;
  now: Date;
}

/** `bank_login.synchronization_failed`: once per login and session, or login and cycle. */
export function toFailureEvent(login: FailedLogin, { code, trigger, cycleId, now }: FailureToTell): NewEvent {
  const { clientId, userId, externalId, bankLoginId, bankId, bankName } = login;
  return {
    clientId,
    type: 'BANK_LOGIN_SYNCHRONIZATION_FAILED',
    userId,
    bankLoginId,
    cycleId,
    occurredAt: now,
    data: {
      user: { id: userId, externalId },
      bankLogin: { id: bankLoginId, bank: { id: bankId, name: bankName } },
      trigger,
      errorCode: code,
      errorMessage: messageFor(code),
    },
  };
}
