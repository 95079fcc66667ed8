import type { Logger } from 'pino';
import type { Clock } from '../domain/clock.ts';
import { defaultLeaseSeconds, renewRegularly } from './lease.ts';
import type { ClaimedSession, SessionRunStore } from './session-run-store.ts';
import { settledWithin } from './settled-within.ts';
import type { SynchronizeLogin, SynchronizeLoginOutcome } from './synchronize-login.ts';

/** Runs the sessions that end users and API clients have asked for; never behind a cycle, each on its own. */
export interface SessionRunner {
  /** Fetch, store, event, and the session COMPLETED or FAILED. For whoever has just set it running. Never rejects. */
  runSession(sessionId: string): Promise<void>;
  /** Takes over what other processes have left behind; it goes on by itself when the promise resolves. */
  resumeStalledSessions(): Promise<void>;
  /** Lets running sessions finish or hands them back, within `limitMs`. */
  stop(limitMs: number): Promise<void>;
}

export interface SessionRunnerDeps {
  clock: Clock;
  store: SessionRunStore;
  synchronizeLogin: SynchronizeLogin;
  /** Of a session, as the store gives it. @default 60 */
  leaseSeconds?: number;
  log: Logger;
}

const resumedAtOnce = 10;

export function createSessionRunner(deps: SessionRunnerDeps): SessionRunner {
  const { clock, store, synchronizeLogin, leaseSeconds = defaultLeaseSeconds, log } = deps;
  const interrupt = new AbortController();
  const running = new Set<Promise<void>>();

  function run(sessionId: string, which: 'any' | 'abandoned'): Promise<void> {
    const work = runClaimed(sessionId, which).catch((error: unknown) => {
      // The session stays RUNNING without a lease to renew, and so is taken over once the lease has run out.
      log.error({ err: error, sessionId }, 'a session broke off');
    });
    running.add(work);
    return work.finally(() => running.delete(work));
  }

  async function runClaimed(sessionId: string, which: 'any' | 'abandoned'): Promise<void> {
    if (interrupt.signal.aborted) return;
    const session = await store.claim(sessionId, which);
    if (!session) return;
    const stopRenewing = renewRegularly(leaseSeconds, () => store.renew(session));
    try {
      await conclude(session, await synchronize(session));
    } finally {
      stopRenewing();
    }
  }

  async function synchronize(session: ClaimedSession): Promise<SynchronizeLoginOutcome> {
    if (!session.bankLoginId) return { kind: 'skipped', reason: 'LOGIN_DELETED' };
    return await synchronizeLogin({
      loginId: session.bankLoginId,
      trigger: session.kind === 'CONNECT' ? 'CONNECT' : 'MANUAL',
      psu: session.attended && session.psuIpAddress ? { ipAddress: session.psuIpAddress } : null,
      session: { sessionId: session.id, fencingToken: session.fencingToken },
      signal: interrupt.signal,
    });
  }

  async function conclude(session: ClaimedSession, outcome: SynchronizeLoginOutcome): Promise<void> {
    switch (outcome.kind) {
      // The session has ended in the same transaction, or belongs to another by now.
      case 'synchronized':
      case 'failed':
      case 'stale':
        return;
      case 'interrupted':
        return await store.release(session);
      case 'skipped': {
        // A no-op where the attempt has been noted, which ended the session too.
        const message = messages[outcome.reason] ?? 'The login could not be synchronized.';
        return await store.fail(session, { code: outcome.reason, message, now: clock.now() });
      }
    }
  }

  return {
    runSession: (sessionId) => run(sessionId, 'any'),
    async resumeStalledSessions() {
      for (const sessionId of await store.listAbandoned(resumedAtOnce)) void run(sessionId, 'abandoned');
    },
    async stop(limitMs) {
      await settledWithin(running, limitMs * 0.8);
      interrupt.abort();
      await settledWithin(running, limitMs * 0.2);
    },
  };
}

const messages: Record<string, string> = {
  LOGIN_DELETED: 'The bank login has been deleted.',
  CONSENT_MISSING: 'There is no valid consent; the end user must consent anew.',
};
