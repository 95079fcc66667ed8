import type { AuditAction, NewAuditEntry } from '../audit/audit-entry.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { ConsentStore } from './consent-store.ts';
import type { ErasureService } from './erasure.ts';
import type { FlowView } from './flow-view.ts';
import type { ScaSteps } from './sca-steps.ts';
import type { Session, SessionStore } from './session-store.ts';

/** Where this room says what end users do. */
export type ActionRecorder = Pick<AuditLog, 'witness' | 'note'>;

type OfSession = Pick<Session, 'id' | 'clientId' | 'kind' | 'bankId'>;

/** Nobody's key: the end user's, by way of a hosted session. */
function toEntry(
  action: AuditAction,
  { id, clientId, kind, bankId }: OfSession,
  more: { subjectId?: string | null; ipAddress?: string | null; [detail: string]: unknown } = {},
): NewAuditEntry {
  const { subjectId = id, ipAddress = null, ...details } = more;
  const about = { sessionId: id, kind, ...(bankId !== null && { bankId }), ...details };
  return { action, clientId, actorId: null, subjectId, requestId: null, ipAddress, details: about };
}

/** The first browser that opens a session. */
export function recordOpening<T>(audit: ActionRecorder, session: OfSession, bind: () => Promise<T>): Promise<T> {
  return audit.witness(() => toEntry('session.opened', session), bind);
}

/** Consents that become valid: of a login that is new, or of one that has been there. */
export function recordGrants(store: ConsentStore, audit: ActionRecorder): ConsentStore {
  return {
    ...store,
    grant: (session, granted) => {
      const action = session.bankLoginId === null ? 'consent.given' : 'consent.renewed';
      const { psuIpAddress: ipAddress } = session;
      const entry = toEntry(action, session, { subjectId: granted.consentId, ipAddress });
      return audit.witness(
        () => entry,
        () => store.grant(session, granted),
      );
    },
  };
}

/** End users who turn away, whose consent the bank refuses, who are done, or who came too late. */
export function recordEndings(store: SessionStore, audit: ActionRecorder): SessionStore {
  return {
    ...store,
    end: (id, ending) =>
      audit.witness(
        (ended) => {
          const [session] = ended as [Session];
          const hasFailed = ending.status === 'FAILED' && session.kind !== 'MANAGEMENT';
          const action: AuditAction = hasFailed ? 'login.failed' : `session.${ending.status.toLowerCase()}`;
          const { psuIpAddress: ipAddress } = session;
          return toEntry(action, session, { ipAddress, ...(ending.errorCode && { reason: ending.errorCode }) });
        },
        () => store.end(id, ending),
      ),
  };
}

/** Logins that end users remove, with their consents. */
export function recordRemoval(
  erasure: Pick<ErasureService, 'deleteBankLogin'>,
  audit: ActionRecorder,
): (session: OfSession, bankLoginId: string) => Promise<void> {
  return (session, bankLoginId) =>
    audit.witness(
      () => toEntry('consent.ended', session, { subjectId: bankLoginId }),
      () => erasure.deleteBankLogin(session.clientId, bankLoginId),
    );
}

/** Passwords and codes that the bank did not accept; there are few of them, since wrong entries are throttled. */
export function recordWrongEntries(steps: ScaSteps, audit: ActionRecorder): ScaSteps {
  const isWrong = (view: FlowView | null) => view?.page === 'authorise' && view.problem !== null;
  return {
    ...steps,
    async enter(linkSecret, entered) {
      const view = await steps.enter(linkSecret, entered);
      if (view && isWrong(view)) {
        const { ipAddress } = entered.psu;
        audit.note(toEntry('login.failed', view.session, { ipAddress, reason: 'CREDENTIALS_INVALID' }));
      }
      return view;
    },
  };
}
