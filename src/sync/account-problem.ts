/**
 * Why an account was not brought whole by a synchronization: the closed list of `Account.problem.code`, with words for clients that name no
 * account and quote nothing of the bank's. The gravest comes first, and is the one that is told.
 */
const problems = {
  /** The bank refuses the transactions of this account; asking again gets the same answer. */
  TRANSACTIONS_REFUSED:
    'The bank refuses the transactions of this account. This does not pass by waiting; the operator finds the reason in the log.',
  /** A reply that nobody can make anything of: a fault of the bank's, or of our reading. */
  TRANSACTIONS_UNREADABLE:
    "The bank's reply for this account could not be understood. The operator finds in the log what was wrong with it.",
  BANK_UNAVAILABLE: 'The bank did not answer for this account. It is asked again by the next synchronization.',
  /** Our own limit for a login as a whole. */
  TIMED_OUT:
    'The bank was too slow for this account to be read in time. It is asked again by the next synchronization.',
  /** Some pages were read, and a later one was refused, or did not end. */
  PAGE_REFUSED:
    'The bank gave only a part of the transactions of this account. The rest is asked for by the next synchronization.',
  ROWS_SKIPPED:
    'Some transactions of this account could not be read and are missing. The operator finds in the log what was wrong with them.',
  BALANCES_UNREADABLE:
    'Some balances of this account could not be read; those before are kept. The operator finds in the log what was wrong with them.',
  BALANCES_NOT_GIVEN:
    'The bank did not give the balances of this account; those before are kept. It is asked again by the next synchronization.',
} as const;

export type AccountProblemCode = keyof typeof problems;

export const accountProblemCodes = Object.keys(problems) as AccountProblemCode[];

export interface AccountProblem {
  code: AccountProblemCode;
  message: string;
}

/** Of several the gravest; null of none. */
export function toAccountProblem(codes: readonly AccountProblemCode[]): AccountProblem | null {
  const code = accountProblemCodes.find((candidate) => codes.includes(candidate));
  return code ? { code, message: problems[code] } : null;
}
