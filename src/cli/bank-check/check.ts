import type { BankFailure } from '../../banking/bank-failure.ts';

/** `refused`: the bank said no, which may be as it should be; `failed`: nobody could connect as things are. */
export interface Check {
  check: string;
  outcome: 'ok' | 'refused' | 'failed' | 'not asked';
  detail: string;
}

/** The bank's codes, and by what it finds the call. */
export function toDetail({ code, details }: BankFailure): string {
  const { httpStatus, messageCode, errorCode, requestId } = details;
  const said = [httpStatus, messageCode, errorCode].filter((part) => part !== null && part !== undefined).join(' ');
  return `${code}${said && `: ${said}`}${requestId ? ` (X-Request-ID ${requestId})` : ''}`;
}
