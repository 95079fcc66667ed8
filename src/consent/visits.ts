import type { Clock } from '../domain/clock.ts';
import type { Encryption } from '../storage/encryption.ts';
import type { BankStore } from './bank-store.ts';
import { type ConsentTerms, consentTerms } from './consent-terms.ts';
import type { Visit } from './flow-view.ts';
import { hashLinkSecret, linkSecretOf } from './link-secret.ts';
import { withOutcome } from './return-url.ts';
import type { Session, SessionStore } from './session-store.ts';

/** Finds out who stands before a hosted page. */
export interface Visits {
  /** Null when the link is none of ours. A session that has waited for too long has expired by then. */
  find(linkSecret: string): Promise<Visit | null>;
  findByState(state: string): Promise<Visit | null>;
  of(session: Session, linkSecret: string): Promise<Visit>;
  /** What the end user will be asked to consent to. */
  termsOf(session: Session): Promise<ConsentTerms>;
  isOverdue(session: Session): boolean;
}

export interface VisitsDeps {
  clock: Clock;
  sessions: SessionStore;
  bankStore: Pick<BankStore, 'find'>;
  encryption: Encryption;
  publicUrl: () => string;
}

export function createVisits({ clock, sessions, bankStore, encryption, publicUrl }: VisitsDeps): Visits {
  const isOverdue = ({ expiresAt }: Session): boolean => expiresAt !== null && expiresAt <= clock.now();

  async function expireIfOverdue(session: Session): Promise<Session> {
    if (session.status !== 'AWAITING_USER' || !isOverdue(session)) return session;
    const expired = await sessions.end(session.id, { status: 'EXPIRED', now: clock.now() });
    return expired ?? (await sessions.find(session.clientId, session.id)) ?? session;
  }

  async function findBack(session: Session): Promise<string | null> {
    const parent = await sessions.findParent(session);
    if (parent?.linkSecret)
      return `${publicUrl()}/sessions/${encryption.decrypt(parent.linkSecret, linkSecretOf(parent.id))}`;
    return session.returnUrl ? withOutcome(session.returnUrl, session) : null;
  }

  async function of(session: Session, linkSecret: string): Promise<Visit> {
    const client = await sessions.findClient(session.clientId);
    const bank = session.bankId ? await bankStore.find(session.bankId) : null;
    return { session, linkSecret, bank, clientName: client?.name ?? '', back: await findBack(session) };
  }

  return {
    async find(linkSecret) {
      const session = await sessions.findByLink(hashLinkSecret(linkSecret));
      return session ? await of(await expireIfOverdue(session), linkSecret) : null;
    },
    async findByState(state) {
      const session = await sessions.findByState(hashLinkSecret(state));
      return session?.linkSecret
        ? await of(await expireIfOverdue(session), encryption.decrypt(session.linkSecret, linkSecretOf(session.id)))
        : null;
    },
    of,
    async termsOf(session) {
      const user = await sessions.findUser(session.clientId, session.userId);
      return consentTerms(Boolean(user?.recurring) && session.storeSecrets, clock.now());
    },
    isOverdue,
  };
}
