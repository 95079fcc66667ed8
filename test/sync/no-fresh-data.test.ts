import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { BankFailure, type BankFailureCode } from '../../src/banking/bank-failure.ts';
import { sandboxBanks } from '../../src/config/sandbox-banks.ts';
import type { NewConnectSession } from '../../src/consent/sessions.ts';
import type { Session } from '../../src/generated/prisma/client.ts';
import type { NextAction, NextStep, SynchronizationBlock } from '../../src/sync/synchronization-block.ts';
import { type ConnectedWorld, connectByRedirect, createConnectedWorld } from '../consent/connected-world.ts';

const hours = 3_600_000;
const psuIpAddress = '192.0.2.1';

/** What real actions have led to, in this file. */
const seen = { blocks: new Set<SynchronizationBlock | null>(), actions: new Set<NextAction>() };

/** The end user's login at the sandbox bank, and what may happen to it. */
async function connect(world: ConnectedWorld, input: Partial<NewConnectSession> = {}) {
  const { userId, id: sessionId } = await world.createSession(input);
  await connectByRedirect(world.linkOf(await world.session(sessionId)), 'load-1');
  const { id: loginId } = await world.database.prisma.bankLogin.findFirstOrThrow({ where: { userId } });
  const createSession = (ipAddress: string | null): Promise<Session> =>
    world.synchronizationSessions.createSynchronizationSession(world.clientId, {
      bankLoginId: loginId,
      psuIpAddress: ipAddress,
      returnUrl: null,
      idempotencyKey: null,
    });
  return {
    userId,
    loginId,
    createSession,
    consentIn: (session: Session) => connectByRedirect(world.linkOf(session), 'load-1'),
    status: () => readStatus(world, loginId),
    /** One synchronization with the end user present; the bank does this instead of answering. */
    async meet(failure: BankFailureCode): Promise<void> {
      world.clock.advance(1_000);
      const refuse = () => Promise.reject(new BankFailure(failure, 'refused'));
      Object.assign(world.bankOverrides, { listAccounts: refuse, getConsent: refuse });
      expect((await createSession(psuIpAddress)).status).toBe('FAILED');
      delete world.bankOverrides.listAccounts;
      delete world.bankOverrides.getConsent;
    },
    setRecurring: (recurring: boolean) => world.users.updateUser(world.clientId, userId, { recurring }),
  };
}

type ConnectedLogin = Awaited<ReturnType<typeof connect>>;

async function readStatus(world: ConnectedWorld, loginId: string) {
  const [status] = await world.synchronization.statuses.listStatus(world.clientId, [loginId]);
  if (!status) throw new Error(`no status of ${loginId}`);
  const { blockedBy, nextAction, active, lastSynchronization } = status;
  seen.blocks.add(blockedBy);
  seen.actions.add(nextAction);
  // The cycles take in exactly those logins that nobody but the bank can hold up.
  expect(active).toBe(blockedBy === null || blockedBy === 'ACCESS_LIMIT' || blockedBy === 'BANK_UNAVAILABLE');
  return { step: { blockedBy, nextAction }, lastSynchronization };
}

/** Does what the answer asks for, and expects fresh data of it. */
async function actOn({ nextAction }: NextStep, world: ConnectedWorld, login: ConnectedLogin): Promise<void> {
  // Whatever the bank had, is over by the next day; the end user, and the next cycle, need not wait so long.
  world.clock.advance(nextAction === 'WAIT' || nextAction === 'CONTACT_SUPPORT' ? 25 * hours : 60_000);
  const session = await login.createSession(null);
  if (nextAction === 'CREATE_SYNCHRONIZATION_SESSION') {
    expect(session.status).toBe('AWAITING_USER');
    await login.consentIn(session);
  }
  expect(await world.session(session.id)).toMatchObject({ status: 'COMPLETED' });
  expect((await login.status()).lastSynchronization).toEqual(world.clock.now());
}

const fine: NextStep = { blockedBy: null, nextAction: 'NONE' };
const askEndUser = (blockedBy: SynchronizationBlock): NextStep => ({
  blockedBy,
  nextAction: 'CREATE_SYNCHRONIZATION_SESSION',
});

const losses: Record<string, { failure: BankFailureCode; block: SynchronizationBlock } | null> = {
  stands: null,
  'has run out': { failure: 'CONSENT_EXPIRED', block: 'CONSENT_EXPIRED' },
  'was ended': { failure: 'CONSENT_INVALID', block: 'CONSENT_MISSING' },
  'wants new credentials': { failure: 'CREDENTIALS_INVALID', block: 'SCA_REQUIRED' },
};
const troubles: Record<string, { failures: BankFailureCode[]; step: NextStep }> = {
  answers: { failures: [], step: fine },
  'failed once': { failures: ['BANK_UNAVAILABLE'], step: { blockedBy: null, nextAction: 'WAIT' } },
  'failed three times': {
    failures: ['BANK_UNAVAILABLE', 'BANK_UNAVAILABLE', 'BANK_UNAVAILABLE'],
    step: { blockedBy: 'BANK_UNAVAILABLE', nextAction: 'WAIT' },
  },
  'refuses our certificate': {
    failures: ['CERTIFICATE_REJECTED'],
    step: { blockedBy: 'BANK_UNAVAILABLE', nextAction: 'CONTACT_SUPPORT' },
  },
};

interface Combination {
  recurring: boolean;
  consent: string;
  bank: string;
  budget: 'open' | 'closed';
  session: 'none' | 'active';
}

const combinations: Combination[] = [true, false].flatMap((recurring) =>
  Object.keys(losses).flatMap((consent) =>
    Object.keys(troubles).flatMap((bank) =>
      (['open', 'closed'] as const).flatMap((budget) =>
        (['none', 'active'] as const).map((session) => ({ recurring, consent, bank, budget, session })),
      ),
    ),
  ),
);

function expectedStep({ recurring, consent, bank, budget, session }: Combination): NextStep {
  const ofEndUser = recurring ? losses[consent]?.block : 'NOT_RECURRING';
  if (ofEndUser) return session === 'active' ? { blockedBy: ofEndUser, nextAction: 'WAIT' } : askEndUser(ofEndUser);
  const { step } = troubles[bank] as (typeof troubles)[string];
  return step.blockedBy === null && budget === 'closed' ? { blockedBy: 'ACCESS_LIMIT', nextAction: 'WAIT' } : step;
}

/** By what really happens, in the order in which it can. */
async function bringAbout(world: ConnectedWorld, login: ConnectedLogin, given: Combination): Promise<void> {
  if (given.budget === 'closed') await login.meet('ACCESS_EXCEEDED');
  for (const failure of troubles[given.bank]?.failures ?? []) await login.meet(failure);
  const loss = losses[given.consent];
  if (loss) await login.meet(loss.failure);
  if (!given.recurring) await login.setRecurring(false);
  world.clock.advance(1_000);
}

describe('why is there no fresh data, and who has to act?', () => {
  describe.each(Object.keys(losses))('the consent %s', (consent) => {
    it.each(Object.keys(troubles))('and the bank %s', async (bank) => {
      const world = await createConnectedWorld();
      for (const given of combinations.filter((one) => one.consent === consent && one.bank === bank)) {
        const login = await connect(world);
        expect((await login.status()).step).toEqual(fine);
        await bringAbout(world, login, given);
        const what = JSON.stringify(given);
        const expected = expectedStep(given);
        const awaits = !given.recurring || losses[consent] !== null;
        if (given.session === 'none') {
          expect((await login.status()).step, what).toEqual(expected);
          await actOn(expected, world, login);
        } else if (awaits) {
          const session = await login.createSession(null);
          expect(session.status, what).toBe('AWAITING_USER');
          expect((await login.status()).step, what).toEqual(expected);
          await login.consentIn(session);
        } else await expectWhileRunning(world, login, expected);
        const after = given.recurring ? fine : askEndUser('NOT_RECURRING');
        expect((await login.status()).step, what).toEqual(after);
        await world.connections.erasure.deleteUser(world.clientId, login.userId);
      }
    });
  });

  async function expectWhileRunning(world: ConnectedWorld, login: ConnectedLogin, expected: NextStep): Promise<void> {
    const bank = new EventEmitter();
    const asked = once(bank, 'asked');
    world.bankOverrides.listAccounts = async () => {
      const answered = once(bank, 'answer');
      bank.emit('asked');
      await answered;
      throw new BankFailure('BANK_UNAVAILABLE', 'down');
    };
    const running = login.createSession(psuIpAddress);
    await asked;
    // While it runs the old answer stands: it is for the next cycle, and nobody knows better yet.
    expect((await login.status()).step).toEqual(expected);
    delete world.bankOverrides.listAccounts;
    bank.emit('answer');
    expect((await running).status).toBe('FAILED');
    await actOn({ blockedBy: null, nextAction: 'WAIT' }, world, login);
  }

  it('a one-off consent, also of a user who has become recurring since', async () => {
    const world = await createConnectedWorld();
    const user = { externalId: null, type: 'PERSON', recurring: false, idempotencyKey: null } as const;
    const login = await connect(world, { user });
    expect((await login.status()).step).toEqual(askEndUser('NOT_RECURRING'));
    await login.setRecurring(true);
    const { step } = await login.status();
    expect(step).toEqual(askEndUser('NOT_RECURRING'));
    await actOn(step, world, login);
    expect((await login.status()).step).toEqual(fine);
  });

  it('secrets that are not stored: the end user is needed every time', async () => {
    const world = await createConnectedWorld();
    const login = await connect(world, { storeSecrets: false });
    for (let n = 0; n < 2; n++) {
      const { step } = await login.status();
      expect(step).toEqual(askEndUser('SECRETS_NOT_STORED'));
      await actOn(step, world, login);
    }
    await login.setRecurring(false);
    expect((await login.status()).step).toEqual(askEndUser('NOT_RECURRING'));
  });

  it('a consent whose last day has passed, whether or not anybody has looked', async () => {
    const world = await createConnectedWorld();
    const login = await connect(world);
    world.clock.advance(181 * 24 * hours);
    const { step } = await login.status();
    expect(step).toEqual(askEndUser('CONSENT_EXPIRED'));
    for (const { run } of world.connections.maintenance) await run();
    expect((await login.status()).step).toEqual(step);
    await actOn(step, world, login);
    expect((await login.status()).step).toEqual(fine);
  });

  it('an SCA that is older than its bank allows, under a consent that stands', async () => {
    const world = await createConnectedWorld({
      toEntries: (url) => sandboxBanks(url).map((entry) => ({ ...entry, scaValidityDays: 90 })),
    });
    const login = await connect(world);
    world.clock.advance(91 * 24 * hours);
    for (const { run } of world.connections.maintenance) await run();
    const { step } = await login.status();
    expect(step).toEqual(askEndUser('SCA_REQUIRED'));
    await actOn(step, world, login);
    expect((await login.status()).step).toEqual(fine);
  });

  it('an open session that the end user does not use: another one is asked for once it is over', async () => {
    const world = await createConnectedWorld();
    const login = await connect(world);
    await login.meet('CONSENT_EXPIRED');
    const ways = [
      async () => world.clock.advance(31 * 60_000),
      async (session: Session) => void (await world.connections.sessions.cancel(world.clientId, session.id)),
      async (session: Session) =>
        void (await world.connections.flow.leave(world.linkOf(session).split('/').at(-1) ?? '')),
    ];
    for (const giveUp of ways) {
      const session = await login.createSession(null);
      expect((await login.status()).step).toEqual({ blockedBy: 'CONSENT_EXPIRED', nextAction: 'WAIT' });
      await giveUp(session);
      expect((await login.status()).step).toEqual(askEndUser('CONSENT_EXPIRED'));
    }
  });

  it('a login or a user that has been erased has no answer', async () => {
    const world = await createConnectedWorld();
    const login = await connect(world);
    const { statuses } = world.synchronization;
    await world.connections.erasure.deleteBankLogin(world.clientId, login.loginId);
    expect(await statuses.listStatus(world.clientId, [login.loginId])).toEqual([]);
    expect(await statuses.listLoginIds(world.clientId, login.userId)).toEqual([]);
    await world.connections.erasure.deleteUser(world.clientId, login.userId);
    expect(await statuses.listLoginIds(world.clientId, login.userId)).toEqual([]);
  });

  const everyBlock: Record<SynchronizationBlock, true> = {
    NOT_RECURRING: true,
    SECRETS_NOT_STORED: true,
    CONSENT_MISSING: true,
    CONSENT_EXPIRED: true,
    SCA_REQUIRED: true,
    ACCESS_LIMIT: true,
    BANK_UNAVAILABLE: true,
  };
  const everyAction: Record<NextAction, true> = {
    NONE: true,
    WAIT: true,
    CREATE_SYNCHRONIZATION_SESSION: true,
    CONTACT_SUPPORT: true,
  };
  it('every answer that there is has been given above', () => {
    expect([...seen.blocks].sort()).toEqual([...Object.keys(everyBlock), null].sort());
    expect([...seen.actions].sort()).toEqual(Object.keys(everyAction).sort());
  });
});
