import type { Clock } from '../domain/clock.ts';
import { NotFound } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { Bank } from '../generated/prisma/client.ts';
import type { Encryption } from '../storage/encryption.ts';
import type { FlowView, NextView, Visit } from './flow-view.ts';
import { linkSecretOf, newLink } from './link-secret.ts';
import type { LoginStore, ManagedLogin } from './login-store.ts';
import type { Session, SessionOfLogin, SessionStore } from './session-store.ts';
import type { Visits } from './visits.ts';

/**
 * The end user's overview of its bank logins. Whatever needs a bank is done in a session of its own, started from here, which leads
 * back here. Null for a login that is not this end user's, and for a link that does not lead to an overview.
 */
export interface ManagementFlow {
  open(visit: Visit): Promise<FlowView>;
  /** The session in which another bank is connected. */
  createConnecting(visit: Visit, bank: Bank): Promise<Visit>;
  /** A session in which the login's consent is renewed: the one that is open already, where there is one. */
  renew(linkSecret: string, bankLoginId: string): NextView;
  openRemoval(linkSecret: string, bankLoginId: string): NextView;
  /** Erases the login; its consent is ended at the bank. */
  remove(linkSecret: string, bankLoginId: string): NextView;
}

export interface ManagementFlowDeps {
  clock: Clock;
  visits: Visits;
  sessions: SessionStore;
  logins: Pick<LoginStore, 'listManaged'>;
  /** Throws NotFound where there is no such login any more. */
  removeLogin(session: Session, bankLoginId: string): Promise<void>;
  encryption: Encryption;
}

export function createManagementFlow(deps: ManagementFlowDeps): ManagementFlow {
  const { clock, visits, sessions, logins, encryption } = deps;

  async function open(visit: Visit): Promise<FlowView> {
    const { session } = visit;
    if (session.addBankLogin && !(await sessions.hasChildren(session))) {
      return { ...visit, page: 'choose-bank', terms: await visits.termsOf(session) };
    }
    return { ...visit, page: 'overview', logins: await logins.listManaged(session.clientId, session.userId) };
  }

  async function createConnecting(visit: Visit, bank: Bank): Promise<Visit> {
    const now = clock.now();
    const { clientId, userId, id: parentId, browserHash } = visit.session;
    const id = newId('connectSession', now);
    const link = newLink(encryption, id, now);
    const of = { clientId, userId, parentId, browserHash, bankId: bank.id };
    const session = { id, kind: 'CONNECT', ...of, ...link } as const;
    return await visits.of(await sessions.create(session), encryption.decrypt(link.linkSecret, linkSecretOf(id)));
  }

  async function createRenewing(visit: Visit, login: ManagedLogin): Promise<Visit> {
    const now = clock.now();
    const { clientId, userId, id: parentId, browserHash } = visit.session;
    const id = newId('synchronizationSession', now);
    const link = newLink(encryption, id, now);
    const of = { clientId, userId, parentId, browserHash, bankId: login.bankId, bankLoginId: login.id };
    const session = { id, kind: 'SYNCHRONIZATION', ...of, storeSecrets: login.secretsStored, ...link } as const;
    const created = (await sessions.createForLogin(session, now)) ?? (await replaceElsewhere(session, now));
    if (created) return await visits.of(created, encryption.decrypt(link.linkSecret, linkSecretOf(id)));
    // Of a login one session is open at any time: asked for once more, by this end user or by the client, it is that one. Where it
    // runs already there is nothing for the end user to do.
    const waiting = await sessions.findAwaiting(login.id, now);
    if (!waiting?.linkSecret) return visit;
    return await visits.of(waiting, encryption.decrypt(waiting.linkSecret, linkSecretOf(waiting.id)));
  }

  /** Another browser's session of the login would not let this one in: it gives way to the end user who is here now. */
  async function replaceElsewhere(session: SessionOfLogin, now: Date): Promise<Session | null> {
    const waiting = await sessions.findAwaiting(session.bankLoginId, now);
    if (!waiting?.browserHash || waiting.browserHash === session.browserHash) return null;
    await sessions.end(waiting.id, { status: 'CANCELLED', now });
    return await sessions.createForLogin(session, now);
  }

  async function findLogin(
    linkSecret: string,
    bankLoginId: string,
  ): Promise<{ visit: Visit; login: ManagedLogin | null } | null> {
    const visit = await visits.find(linkSecret);
    if (visit?.session.kind !== 'MANAGEMENT') return null;
    if (visit.session.status !== 'AWAITING_USER') return { visit, login: null };
    const { clientId, userId } = visit.session;
    const login = (await logins.listManaged(clientId, userId)).find(({ id }) => id === bankLoginId);
    return login ? { visit, login } : null;
  }

  return {
    open,
    createConnecting,
    async renew(linkSecret, bankLoginId) {
      const found = await findLogin(linkSecret, bankLoginId);
      if (!found?.login) return found && { ...found.visit, page: 'moved-on' };
      const { visit, login } = found;
      return { ...(await createRenewing(visit, login)), page: 'moved-on' };
    },
    async openRemoval(linkSecret, bankLoginId) {
      const found = await findLogin(linkSecret, bankLoginId);
      if (!found?.login) return found && { ...found.visit, page: 'moved-on' };
      return { ...found.visit, page: 'confirm-removal', login: found.login };
    },
    async remove(linkSecret, bankLoginId) {
      const found = await findLogin(linkSecret, bankLoginId);
      if (found?.login) {
        await deps.removeLogin(found.visit.session, bankLoginId).catch((error: unknown) => {
          // Somebody else has removed it in the same moment.
          if (!(error instanceof NotFound)) throw error;
        });
      }
      return found && { ...found.visit, page: 'moved-on' };
    },
  };
}
