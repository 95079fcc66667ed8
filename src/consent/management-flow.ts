import type { Clock } from '../domain/clock.ts';
import { NotFound } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { Bank } from '../generated/prisma/client.ts';
import type { Encryption } from '../storage/encryption.ts';
import type { ErasureService } from './erasure.ts';
import type { FlowView, NextView, Visit } from './flow-view.ts';
import { newLink } from './link-secret.ts';
import type { LoginStore, ManagedLogin } from './login-store.ts';
import type { Session, SessionStore } from './session-store.ts';
import type { Visits } from './visits.ts';

/**
 * The end user's overview of its bank logins. Whatever needs a bank is done in a session of its own, started from here, which leads
 * back here. Null for a login that is not this end user's, and for a link that does not lead to an overview.
 */
export interface ManagementFlow {
  open(visit: Visit): Promise<FlowView>;
  /** The session in which another bank is connected. */
  createConnecting(visit: Visit, bank: Bank): Promise<Visit>;
  /** A session in which the login's consent is renewed. */
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
  erasure: Pick<ErasureService, 'deleteBankLogin'>;
  encryption: Encryption;
}

export function createManagementFlow(deps: ManagementFlowDeps): ManagementFlow {
  const { clock, visits, sessions, logins, erasure, encryption } = deps;

  async function open(visit: Visit): Promise<FlowView> {
    const { session } = visit;
    if (session.addBankLogin && !(await sessions.hasChildren(session))) {
      return { ...visit, page: 'choose-bank', terms: await visits.termsOf(session) };
    }
    return { ...visit, page: 'overview', logins: await logins.listManaged(session.clientId, session.userId) };
  }

  async function startFrom(
    visit: Visit,
    of: { kind: 'CONNECT' | 'SYNCHRONIZATION'; bankId: string; login?: ManagedLogin },
  ) {
    const { clientId, userId, id: parentId } = visit.session;
    const now = clock.now();
    const link = newLink(encryption, now);
    const session: Session = await sessions.create({
      id: newId(of.kind === 'CONNECT' ? 'connectSession' : 'synchronizationSession', now),
      kind: of.kind,
      clientId,
      userId,
      parentId,
      bankId: of.bankId,
      bankLoginId: of.login?.id ?? null,
      storeSecrets: of.login?.secretsStored ?? true,
      ...link,
    });
    return await visits.of(session, encryption.decrypt(link.linkSecret));
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
    createConnecting: (visit, bank) => startFrom(visit, { kind: 'CONNECT', bankId: bank.id }),
    async renew(linkSecret, bankLoginId) {
      const found = await findLogin(linkSecret, bankLoginId);
      if (!found?.login) return found && { ...found.visit, page: 'moved-on' };
      const { visit, login } = found;
      return {
        ...(await startFrom(visit, { kind: 'SYNCHRONIZATION', bankId: login.bankId, login })),
        page: 'moved-on',
      };
    },
    async openRemoval(linkSecret, bankLoginId) {
      const found = await findLogin(linkSecret, bankLoginId);
      if (!found?.login) return found && { ...found.visit, page: 'moved-on' };
      return { ...found.visit, page: 'confirm-removal', login: found.login };
    },
    async remove(linkSecret, bankLoginId) {
      const found = await findLogin(linkSecret, bankLoginId);
      if (found?.login) {
        await erasure.deleteBankLogin(found.visit.session.clientId, bankLoginId).catch((error: unknown) => {
          // Somebody else has removed it in the same moment.
          if (!(error instanceof NotFound)) throw error;
        });
      }
      return found && { ...found.visit, page: 'moved-on' };
    },
  };
}
