import { isIP } from 'node:net';
import type { AccessBudget } from '../consent/access-budget-store.ts';
import { type CallMark, createOnce, findKeyFaults } from '../consent/session-idempotency.ts';
import type { Session, SessionStore } from '../consent/session-store.ts';
import type { Sessions } from '../consent/sessions.ts';
import type { Clock } from '../domain/clock.ts';
import { Conflict, type FieldFault, InvalidInput, LimitReached, NotFound } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import { isEligible } from './eligibility.ts';
import type { SessionRunner } from './session-runner.ts';
import type { LoginOnRequest, SynchronizationSessionStore } from './synchronization-session-store.ts';

export interface NewSynchronizationSession {
  bankLoginId: string;
  /** The end user's, when present and asking: then the access is not counted as unattended. */
  psuIpAddress: string | null;
  returnUrl: string | null;
  idempotencyKey: string | null;
}

export interface SynchronizationSessions {
  /**
   * Recurring user with a valid recurring consent: runs at once, and comes back running, or ended where the bank is fast. Otherwise awaits the end user's
   * consent and SCA under a link. Throws InvalidInput, NotFound, Conflict while another session of the login is active, and
   * LimitReached where the bank allows no access without the end user.
   */
  createSynchronizationSession(clientId: string, input: NewSynchronizationSession): Promise<Session>;
}

export interface SynchronizationSessionsDeps {
  clock: Clock;
  store: SynchronizationSessionStore;
  sessionStore: Pick<SessionStore, 'findByIdempotencyKey'>;
  sessions: Pick<Sessions, 'awaitEndUser' | 'checkReturnUrl'>;
  budget: Pick<AccessBudget, 'listLeft'>;
  runner: Pick<SessionRunner, 'runSession'>;
  /** How long the caller waits for the end: what a fast bank takes. @default 500 */
  patienceMs?: number;
}

export function createSynchronizationSessions(deps: SynchronizationSessionsDeps): SynchronizationSessions {
  const { clock, store, sessionStore, sessions, budget, runner, patienceMs = 500 } = deps;

  async function runAtOnce(session: Session): Promise<Session> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs);
    });
    await Promise.race([runner.runSession(session.id), patience]);
    clearTimeout(timer);
    return await store.get(session.id);
  }

  async function assertAccessLeft(login: LoginOnRequest): Promise<void> {
    const now = clock.now();
    const allowance = (await budget.listLeft([login.id], now)).get(login.id)?.forRequests;
    if (!allowance || allowance.left > 0) return;
    throw new LimitReached(
      'ACCESS_LIMIT',
      'The bank allows no more accesses without the end user for now; give psuIpAddress when the end user is present.',
      allowance.retryAt ?? now,
    );
  }

  async function create(clientId: string, input: NewSynchronizationSession, mark: CallMark): Promise<Session> {
    const faults = [...findFaults(input), ...(await sessions.checkReturnUrl(clientId, input.returnUrl))];
    if (faults.length > 0) throw new InvalidInput(faults);
    const login = await store.findLogin(clientId, input.bankLoginId);
    if (!login) throw new NotFound('bank login', input.bankLoginId);
    const now = clock.now();
    if (await store.hasActiveSession(login.id, now)) throw activeSession(login.id);
    const { returnUrl, psuIpAddress } = input;
    const common = { clientId, returnUrl, psuIpAddress, ...mark };
    if (!isEligible(login, now)) {
      const { id: bankLoginId, userId, bankId, secretsStored: storeSecrets } = login;
      const waiting = await sessions.awaitEndUser({ ...common, bankLoginId, userId, bankId, storeSecrets });
      if (!waiting) throw activeSession(login.id);
      return waiting;
    }
    if (psuIpAddress === null) await assertAccessLeft(login);
    const session = await store.createRunning({ ...common, id: newId('synchronizationSession', now), login, now });
    if (!session) throw activeSession(login.id);
    return await runAtOnce(session);
  }

  return {
    async createSynchronizationSession(clientId, input) {
      const call = { clientId, kind: 'SYNCHRONIZATION' as const, input };
      return await createOnce(sessionStore, call, (mark) => create(clientId, input, mark));
    },
  };
}

function activeSession(bankLoginId: string): Conflict {
  return new Conflict('SESSION_ACTIVE', `Another session of ${bankLoginId} runs, or awaits the end user.`);
}

function findFaults({ psuIpAddress, idempotencyKey }: NewSynchronizationSession): FieldFault[] {
  const faults: FieldFault[] = [];
  if (psuIpAddress !== null && isIP(psuIpAddress) === 0) {
    faults.push({ path: 'input.psuIpAddress', message: 'must be an IPv4 or IPv6 address' });
  }
  return [...faults, ...findKeyFaults(idempotencyKey)];
}
