import { createHash } from 'node:crypto';
import type { Users } from '../clients/users.ts';
import type { Clock } from '../domain/clock.ts';
import { Conflict, type FieldFault, InvalidInput, NotFound } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { Page } from '../domain/page.ts';
import type { UserType } from '../generated/prisma/enums.ts';
import { callScopes } from '../storage/call-scope.ts';
import type { Encryption } from '../storage/encryption.ts';
import type { BankStore } from './bank-store.ts';
import { linkSecretOf, newLink } from './link-secret.ts';
import { findReturnUrlFault } from './return-url.ts';
import { type CallMark, createOnce, findKeyFaults } from './session-idempotency.ts';
import type { Session, SessionFilter, SessionStore } from './session-store.ts';

export interface NewConnectSession {
  userId: string | null;
  user: { externalId: string | null; type: UserType; recurring: boolean; idempotencyKey: string | null } | null;
  bankId: string | null;
  storeSecrets: boolean;
  returnUrl: string | null;
  idempotencyKey: string | null;
}

export interface NewManagementSession {
  userId: string;
  addBankLogin: boolean;
  returnUrl: string | null;
  idempotencyKey: string | null;
}

/** A synchronization that waits for the end user. */
export interface NewAwaitingSynchronization {
  clientId: string;
  userId: string;
  bankLoginId: string;
  bankId: string;
  storeSecrets: boolean;
  returnUrl: string | null;
  psuIpAddress: string | null;
  idempotencyKey: string | null;
  idempotencyHash: string | null;
}

/** Hosted sessions: what an end user is sent to, each under a link of its own that nobody can guess. */
export interface Sessions {
  find(clientId: string, id: string): Promise<Session | null>;
  /** In no order; what is not the client's is left out. */
  listByIds(clientId: string, ids: readonly string[]): Promise<Session[]>;
  /** Newest first. */
  list(clientId: string, filter: SessionFilter, page: Page): Promise<Session[]>;
  createConnectSession(clientId: string, input: NewConnectSession): Promise<Session>;
  createManagementSession(clientId: string, input: NewManagementSession): Promise<Session>;
  /** Null while another session of the login runs, or awaits the end user. */
  awaitEndUser(session: NewAwaitingSynchronization): Promise<Session | null>;
  /** Where to send the end user; null once the session awaits nobody. */
  redirectUrl(session: Session): string | null;
  /** A page that says that the link works no more. */
  endedUrl(): string;
  /** Throws Conflict when the session has begun to run, or has ended. */
  cancel(clientId: string, id: string): Promise<Session>;
  expireOverdue(): Promise<number>;
  checkReturnUrl(clientId: string, returnUrl: string | null): Promise<FieldFault[]>;
}

export interface SessionsDeps {
  clock: Clock;
  store: SessionStore;
  banks: Pick<BankStore, 'find'>;
  users: Pick<Users, 'createUser' | 'findFaults'>;
  encryption: Encryption;
  /** Without a slash at the end. */
  publicUrl: () => string;
  allowLoopbackReturnUrls: boolean;
}

export function createSessions(deps: SessionsDeps): Sessions {
  const { clock, store, banks, users, encryption, publicUrl } = deps;

  async function checkReturnUrl(clientId: string, returnUrl: string | null): Promise<FieldFault[]> {
    if (returnUrl === null) return [];
    const returnOrigins = (await store.findClient(clientId))?.returnOrigins ?? [];
    const fault = findReturnUrlFault(returnUrl, { returnOrigins, allowLoopback: deps.allowLoopbackReturnUrls });
    return fault ? [fault] : [];
  }

  async function findBankFaults(bankId: string | null): Promise<FieldFault[]> {
    if (bankId === null || (await banks.find(bankId))?.listed) return [];
    return [{ path: 'input.bankId', message: `there is no bank ${bankId} to connect` }];
  }

  async function findOrCreateUser(clientId: string, input: NewConnectSession): Promise<{ id: string }> {
    if (input.userId !== null) {
      const user = await store.findUser(clientId, input.userId);
      if (!user) throw new NotFound('user', input.userId);
      return user;
    }
    const user = input.user as NonNullable<NewConnectSession['user']>;
    const derivedKey = user.idempotencyKey === null ? deriveUserKey(input.idempotencyKey) : null;
    try {
      const keyed = derivedKey === null ? user : { ...user, idempotencyKey: derivedKey };
      return await callScopes.runStep('user.created', () => users.createUser(clientId, keyed));
    } catch (error) {
      if (derivedKey !== null && error instanceof Conflict && error.code === 'IDEMPOTENCY_KEY_REUSED') throw error;
      if (error instanceof Conflict) throw new InvalidInput([{ path: 'input.user', message: error.message }]);
      throw error;
    }
  }

  async function createConnect(clientId: string, input: NewConnectSession, mark: CallMark): Promise<Session> {
    const faults = [
      ...(await checkReturnUrl(clientId, input.returnUrl)),
      ...(await findBankFaults(input.bankId)),
      ...(input.user ? users.findFaults(input.user, 'input.user') : []),
      ...findKeyFaults(input.idempotencyKey),
    ];
    if ((input.userId === null) === (input.user === null)) {
      faults.push({ path: 'input.userId', message: 'give either userId or user' });
    }
    if (faults.length > 0) throw new InvalidInput(faults);
    const user = await findOrCreateUser(clientId, input);
    const now = clock.now();
    const id = newId('connectSession', now);
    return await store.create({
      id,
      kind: 'CONNECT',
      clientId,
      userId: user.id,
      bankId: input.bankId,
      storeSecrets: input.storeSecrets,
      returnUrl: input.returnUrl,
      ...mark,
      ...newLink(encryption, id, now),
    });
  }

  async function createManagement(clientId: string, input: NewManagementSession, mark: CallMark): Promise<Session> {
    const { userId, addBankLogin, returnUrl, idempotencyKey } = input;
    const faults = [...(await checkReturnUrl(clientId, returnUrl)), ...findKeyFaults(idempotencyKey)];
    if (faults.length > 0) throw new InvalidInput(faults);
    if (!(await store.findUser(clientId, userId))) throw new NotFound('user', userId);
    const now = clock.now();
    const id = newId('managementSession', now);
    return await store.create({
      id,
      kind: 'MANAGEMENT',
      clientId,
      userId,
      addBankLogin,
      returnUrl,
      ...mark,
      ...newLink(encryption, id, now),
    });
  }

  return {
    find: (clientId, id) => store.find(clientId, id),
    listByIds: (clientId, ids) => store.listByIds(clientId, ids),
    list: (clientId, filter, page) => store.list(clientId, filter, page),
    createConnectSession: (clientId, input) =>
      createOnce(store, { clientId, kind: 'CONNECT', input }, (mark) => createConnect(clientId, input, mark)),
    createManagementSession: (clientId, input) =>
      createOnce(store, { clientId, kind: 'MANAGEMENT', input }, (mark) => createManagement(clientId, input, mark)),
    awaitEndUser: (session) => {
      const now = clock.now();
      const id = newId('synchronizationSession', now);
      return store.createForLogin({ id, kind: 'SYNCHRONIZATION', ...session, ...newLink(encryption, id, now) }, now);
    },
    redirectUrl(session) {
      if (session.status !== 'AWAITING_USER' || !session.linkSecret) return null;
      return `${publicUrl()}/sessions/${encryption.decrypt(session.linkSecret, linkSecretOf(session.id))}`;
    },
    endedUrl: () => `${publicUrl()}/sessions/ended`,
    async cancel(clientId, id) {
      const session = await store.find(clientId, id);
      if (!session) throw new NotFound('session', id);
      const cancelled = await store.end(id, { status: 'CANCELLED', now: clock.now() });
      if (cancelled) return cancelled;
      throw new Conflict('SESSION_NOT_WAITING', 'Only a session that awaits the end user can be cancelled.');
    },
    expireOverdue: () => store.expire(clock.now()),
    checkReturnUrl,
  };
}

// The user is made before its session: whoever repeats a call that ended in between finds the one that it made.
function deriveUserKey(sessionKey: string | null): string | null {
  return sessionKey === null ? null : `connect-session ${createHash('sha256').update(sessionKey).digest('hex')}`;
}
