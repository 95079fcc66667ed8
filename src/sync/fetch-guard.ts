import { BankFailure } from '../banking/bank-failure.ts';
import type { DataAccess } from '../banking/bank-port.ts';

/** Why a part of a login could not be read: only that part is lost. TOO_OLD: the days that were asked for may be why. */
export type PartFailureCode = 'BANK_UNAVAILABLE' | 'REQUEST_REFUSED' | 'MALFORMED_REPLY' | 'TIMED_OUT' | 'TOO_OLD';

export interface PartFailure {
  /** The account's place in the bank's list. */
  index: number;
  what: 'balances' | 'transactions';
  code: PartFailureCode;
  error: unknown;
}

/** Which failures cost a part of a login, and which the whole: then nothing more is asked of the bank. */
export interface FetchGuard {
  /** For all calls: its signal is aborted by the first failure of the whole, and by the outer one. */
  access: DataAccess;
  /** In the order in which they happened. */
  readonly failures: PartFailure[];
  /** Rejects for failures of the whole. */
  part<T>(
    part: Pick<PartFailure, 'index' | 'what'> & { mayBeTooOld?: boolean },
    call: () => Promise<T>,
  ): Promise<{ result: T } | { failure: PartFailureCode }>;
  /** When all have ended; rejects with the failure of the whole that came first. */
  all<T extends readonly unknown[]>(work: { [Index in keyof T]: Promise<T[Index]> }): Promise<T>;
  end(): void;
}

export function createFetchGuard({ signal: outer, ...access }: DataAccess): FetchGuard {
  const controller = new AbortController();
  const onAbort = () => controller.abort(outer?.reason);
  if (outer?.aborted) onAbort();
  else outer?.addEventListener('abort', onAbort, { once: true });
  const failures: PartFailure[] = [];
  let ofWhole: { error: unknown } | null = null;

  function failWhole(error: unknown): void {
    ofWhole ??= { error };
    controller.abort(error);
  }

  return {
    access: { ...access, signal: controller.signal },
    failures,
    async part({ index, what, mayBeTooOld = false }, call) {
      try {
        return { result: await call() };
      } catch (error) {
        const code = ofWhole ? null : toPartFailure(error, outer, mayBeTooOld);
        if (code === null) {
          failWhole(error);
          throw error;
        }
        failures.push({ index, what, code, error });
        return { failure: code };
      }
    },
    async all(work) {
      const settled = await Promise.allSettled(
        work.map((part) =>
          part.catch((error: unknown) => {
            failWhole(error);
            throw error;
          }),
        ),
      );
      if (ofWhole) throw ofWhole.error;
      return settled.map((part) => (part as PromiseFulfilledResult<unknown>).value) as never;
    },
    end: () => outer?.removeEventListener('abort', onAbort),
  };
}

/** Null: it concerns the login as a whole, or is a bug. */
function toPartFailure(error: unknown, outer: AbortSignal | undefined, mayBeTooOld: boolean): PartFailureCode | null {
  // The time for the login is over; being interrupted is another matter.
  if (outer?.aborted) return (outer.reason as Error | undefined)?.name === 'TimeoutError' ? 'TIMED_OUT' : null;
  if (!(error instanceof BankFailure)) return null;
  switch (error.code) {
    case 'BANK_UNAVAILABLE':
    case 'REQUEST_REFUSED':
    case 'MALFORMED_REPLY':
      return mayBeTooOld && error.concernsPeriod ? 'TOO_OLD' : error.code;
    default:
      return null;
  }
}
