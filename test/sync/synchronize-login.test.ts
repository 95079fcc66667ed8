import { describe, expect, it } from 'vitest';
import { BankFailure, type BankFailureCode } from '../../src/banking/bank-failure.ts';
import type { SynchronizationRequest } from '../../src/sync/synchronize-login.ts';
import { insertEnrolledUser, sealedCredentials } from '../support/enrolled-users.ts';
import { bankAccount, bankTransaction, silence } from './scripted-bank.ts';
import { createSynchronizationWorld, type SynchronizationWorld } from './synchronization-world.ts';

function request(world: SynchronizationWorld, given: Partial<SynchronizationRequest> = {}): SynchronizationRequest {
  return {
    loginId: world.loginId,
    trigger: 'SCHEDULER',
    psu: null,
    signal: new AbortController().signal,
    ...given,
  };
}

async function startCycle({ database, clientId, userId, clock }: SynchronizationWorld, fencingToken = 1) {
  const now = clock.now();
  await database.prisma.synchronizationCycle.create({
    data: { id: 'cyc_1', kind: 'SCHEDULED', opensAt: now, closesAt: now, laneCount: 1, startedAt: now },
  });
  await database.prisma.cycleEntry.create({
    data: { cycleId: 'cyc_1', userId, clientId, lane: 0, position: 1, status: 'RUNNING', fencingToken },
  });
  return { cycleId: 'cyc_1', userId, fencingToken };
}

const down = () => {
  throw new BankFailure('BANK_UNAVAILABLE', 'down');
};

/** Five logins of the bank, the world's own among them, find it down. */
async function failForFive(world: SynchronizationWorld): Promise<void> {
  const { bank, database, clientId, clock } = world;
  bank.beforeAnswer = down;
  await world.synchronizeLogin(request(world, { psu, trigger: 'MANUAL' }));
  for (let n = 1; n < 5; n++) {
    const credentials = sealedCredentials(world.encryption, `consent-${n}`);
    const { loginId } = await insertEnrolledUser(database, { clientId, now: clock.now(), credentials });
    await world.synchronizeLogin(request(world, { loginId, psu, trigger: 'MANUAL' }));
  }
}

describe('a synchronization that succeeds', () => {
  it('stores accounts, balances and transactions, and says so by the event of a connection', async () => {
    const world = await createSynchronizationWorld();
    const outcome = await world.synchronizeLogin(request(world, { trigger: 'CONNECT' }));
    const [event] = await world.events();
    expect(outcome).toEqual({ kind: 'synchronized', eventId: event?.id });
    const login = await world.login();
    expect(login).toMatchObject({
      status: 'OK',
      lastSynchronization: world.clock.now(),
      sequence: 0,
      version: 1,
      lastAttempt: { trigger: 'CONNECT', finishedAt: world.clock.now(), errorCode: null },
      accounts: [{ iban: 'DE02120300000000202051', lastBookingDate: new Date('2026-03-09') }],
    });
    const accountId = login.accounts[0]?.id;
    expect(event).toMatchObject({
      type: 'BANK_LOGIN_CONNECTED',
      userId: world.userId,
      bankLoginId: world.loginId,
      data: {
        user: { id: world.userId, externalId: null },
        bankLogin: { id: world.loginId, bank: { id: 'bank_test', name: 'Test Bank' } },
        accounts: [
          {
            account: { id: accountId, currency: 'EUR', name: 'Giro' },
            balances: [{ type: 'expected', amount: { amount: '100.00', currency: 'EUR' } }],
            newTransactions: [{ accountId, amount: { amount: '-3.20', currency: 'EUR' }, bookingDate: '2026-03-09' }],
            updatedTransactions: [],
            removedTransactionIds: [],
          },
        ],
      },
    });
  });

  it('carries from the second on what changed, under a sequence without gaps', async () => {
    const world = await createSynchronizationWorld();
    await world.synchronizeLogin(request(world));
    for (const n of [1, 2]) {
      world.bank.pages.set('r1', [
        [bankTransaction({ remittanceInformation: `Corrected ${n}` })],
        [bankTransaction({ bankTransactionId: 'pending', status: 'PENDING', bookingDate: null })],
      ]);
      await world.synchronizeLogin(request(world, { trigger: 'MANUAL' }));
    }
    const [, second, third] = await world.events();
    expect(second).toMatchObject({
      type: 'BANK_LOGIN_SYNCHRONIZED',
      data: {
        trigger: 'MANUAL',
        sequence: 1,
        accounts: [
          { newTransactions: [{ status: 'PENDING' }], updatedTransactions: [{ remittanceInformation: 'Corrected 1' }] },
        ],
      },
    });
    expect(third).toMatchObject({
      data: { sequence: 2, accounts: [{ newTransactions: [], updatedTransactions: [expect.anything()] }] },
    });
  });

  it('is told of although nothing has changed', async () => {
    const world = await createSynchronizationWorld();
    await world.synchronizeLogin(request(world));
    await world.synchronizeLogin(request(world));
    expect((await world.events()).map(({ type }) => type)).toEqual(['BANK_LOGIN_CONNECTED', 'BANK_LOGIN_SYNCHRONIZED']);
    expect(await world.database.prisma.transaction.count()).toBe(1);
  });

  it('keeps an account that the bank no longer lists, and knows one again whose resource id has changed', async () => {
    const world = await createSynchronizationWorld();
    world.bank.accounts = [bankAccount(), bankAccount({ resourceId: 'r2', currency: 'USD' })];
    await world.synchronizeLogin(request(world));
    const before = (await world.login()).accounts;
    world.bank.accounts = [bankAccount({ resourceId: 'r9' })];
    world.bank.pages = new Map([['r9', [[bankTransaction()]]]]);
    await world.synchronizeLogin(request(world));
    const after = (await world.login()).accounts;
    expect(after.map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
    expect(after.map(({ resourceId }) => resourceId).sort()).toEqual(['r2', 'r9']);
    expect(await world.database.prisma.transaction.count()).toBe(1);
  });
});

describe('what the bank is asked', () => {
  const asked = (world: SynchronizationWorld) => world.bank.calls.filter(({ dateFrom }) => dateFrom !== null);

  it('is 89 days of a new account, later what came since the newest booking and the week before it', async () => {
    const world = await createSynchronizationWorld();
    await world.synchronizeLogin(request(world));
    await world.synchronizeLogin(request(world));
    expect(asked(world).map(({ dateFrom }) => dateFrom)).toEqual(['2025-12-11', '2026-03-02']);
  });

  it('is two years right after the SCA, and 89 days of a bank that refuses to go back so far', async () => {
    const world = await createSynchronizationWorld();
    await world.database.prisma.consent.updateMany({ data: { authorisedAt: world.clock.now() } });
    const counted: number[] = [];
    world.bank.beforeAnswer = async ({ dateFrom }) => {
      counted.push(await world.database.prisma.bankAccess.count());
      if (dateFrom && dateFrom < '2025-12-10') {
        throw new BankFailure('REQUEST_REFUSED', 'PERIOD_INVALID', { concernsPeriod: true });
      }
    };
    const outcome = await world.synchronizeLogin(request(world, { psu: { ipAddress: '192.0.2.1' } }));
    expect(outcome.kind).toBe('synchronized');
    expect(asked(world).map(({ dateFrom }) => dateFrom)).toEqual(['2024-03-10', '2025-12-11']);
    // List, balances, transactions, and transactions once more, each in the ledger before it is asked for.
    expect(counted).toEqual([1, 3, 3, 4]);
  });

  it('is asked once where a bank refuses the transactions for another reason than the days', async () => {
    const world = await createSynchronizationWorld();
    await world.database.prisma.consent.updateMany({ data: { authorisedAt: world.clock.now() } });
    world.bank.beforeAnswer = ({ dateFrom }) => {
      if (dateFrom) throw new BankFailure('REQUEST_REFUSED', 'SERVICE_BLOCKED');
    };
    const outcome = await world.synchronizeLogin(request(world, { psu: { ipAddress: '192.0.2.1' } }));
    expect(outcome).toMatchObject({ kind: 'failed', code: 'REQUEST_REFUSED' });
    expect(asked(world).map(({ dateFrom }) => dateFrom)).toEqual(['2024-03-10']);
  });

  it('carries the end user’s address when the end user is there, and none otherwise', async () => {
    const world = await createSynchronizationWorld();
    await world.synchronizeLogin(request(world));
    expect(world.bank.calls.map(({ psuIpAddress }) => psuIpAddress)).toEqual([null, null, null]);
    await world.synchronizeLogin(request(world, { psu: { ipAddress: '192.0.2.1' } }));
    expect(new Set(world.bank.calls.slice(3).map(({ psuIpAddress }) => psuIpAddress))).toEqual(new Set(['192.0.2.1']));
    expect(world.bank.calls.every(({ consentId }) => consentId === 'consent-1')).toBe(true);
  });

  it('has been counted before it is asked, account by account', async () => {
    const world = await createSynchronizationWorld();
    const counted: number[] = [];
    world.bank.beforeAnswer = async () => void counted.push(await world.database.prisma.bankAccess.count());
    await world.synchronizeLogin(request(world));
    await world.synchronizeLogin(request(world));
    expect(counted).toEqual([1, 3, 3, 6, 6, 6]);
    expect(await world.database.prisma.bankAccess.count({ where: { attended: false } })).toBe(6);
  });

  it('is nothing once the allowance is used up', async () => {
    const world = await createSynchronizationWorld();
    for (let n = 0; n < 4; n++) await world.synchronizeLogin(request(world));
    const calls = world.bank.calls.length;
    expect(await world.synchronizeLogin(request(world))).toEqual({
      kind: 'skipped',
      reason: 'ACCESS_LIMIT',
      refusedBy: 'ledger',
      retryAt: new Date(world.clock.now().getTime() + 24 * 3_600_000),
    });
    expect(world.bank.calls).toHaveLength(calls);
    expect(await world.login()).toMatchObject({ status: 'OK', lastAttempt: { errorCode: 'ACCESS_LIMIT' } });
  });
});

describe('a synchronization that fails', () => {
  interface Case {
    code: BankFailureCode;
    status: 'OK' | 'SCA_REQUIRED' | 'SYNC_FAILED';
    consent: 'VALID' | 'EXPIRED' | 'TERMINATED';
    events: string[];
    outcome: object;
  }
  const failed = (code: string, retryable = false) => ({ kind: 'failed', code, retryable });
  it.each<Case>([
    {
      code: 'CONSENT_EXPIRED',
      status: 'SCA_REQUIRED',
      consent: 'EXPIRED',
      events: ['CONSENT_EXPIRED', 'BANK_LOGIN_SCA_REQUIRED'],
      outcome: failed('CONSENT_EXPIRED'),
    },
    {
      code: 'CONSENT_INVALID',
      status: 'SCA_REQUIRED',
      consent: 'TERMINATED',
      events: ['BANK_LOGIN_SCA_REQUIRED'],
      outcome: failed('CONSENT_INVALID'),
    },
    {
      code: 'CREDENTIALS_INVALID',
      status: 'SCA_REQUIRED',
      consent: 'VALID',
      events: ['BANK_LOGIN_SCA_REQUIRED'],
      outcome: failed('CREDENTIALS_INVALID'),
    },
    {
      code: 'ACCESS_EXCEEDED',
      status: 'OK',
      consent: 'VALID',
      events: [],
      outcome: {
        kind: 'skipped',
        reason: 'ACCESS_LIMIT',
        retryAt: new Date('2026-03-11T00:00:00Z'),
        refusedBy: 'bank',
      },
    },
    {
      code: 'CERTIFICATE_REJECTED',
      status: 'OK',
      consent: 'VALID',
      events: [],
      outcome: failed('CERTIFICATE_REJECTED'),
    },
    { code: 'SIGNATURE_REJECTED', status: 'OK', consent: 'VALID', events: [], outcome: failed('SIGNATURE_REJECTED') },
    {
      code: 'BANK_UNAVAILABLE',
      status: 'SYNC_FAILED',
      consent: 'VALID',
      events: ['BANK_LOGIN_SYNCHRONIZATION_FAILED'],
      outcome: failed('BANK_UNAVAILABLE', true),
    },
    {
      code: 'REQUEST_REFUSED',
      status: 'SYNC_FAILED',
      consent: 'VALID',
      events: ['BANK_LOGIN_SYNCHRONIZATION_FAILED'],
      outcome: failed('REQUEST_REFUSED'),
    },
    {
      code: 'MALFORMED_REPLY',
      status: 'SYNC_FAILED',
      consent: 'VALID',
      events: ['BANK_LOGIN_SYNCHRONIZATION_FAILED'],
      outcome: failed('MALFORMED_REPLY'),
    },
  ])('because of $code leaves the login $status and the consent $consent', async (expected) => {
    const world = await createSynchronizationWorld();
    await world.synchronizeLogin(request(world));
    const before = await world.login();
    world.clock.advance(60_000);
    world.bank.beforeAnswer = ({ operation }) => {
      if (operation === 'listTransactions') throw new BankFailure(expected.code, 'refused');
    };
    expect(await world.synchronizeLogin(request(world))).toEqual(expected.outcome);
    expect(await world.login()).toMatchObject({
      status: expected.status,
      lastSynchronization: before.lastSynchronization,
      version: before.version,
      bankFailureCount: expected.code === 'BANK_UNAVAILABLE' ? 1 : 0,
      lastAttempt: { errorCode: expected.code, finishedAt: world.clock.now() },
      consents: [{ status: expected.consent }],
    });
    const events = (await world.events()).slice(1);
    expect(events.map(({ type }) => type)).toEqual(expected.events);
    const alarms = world.log.lines.filter(({ level }) => level === 50);
    expect(alarms).toHaveLength(['CERTIFICATE_REJECTED', 'SIGNATURE_REJECTED'].includes(expected.code) ? 1 : 0);
  });

  it.each([
    ['revoked-by-psu', 'REVOKED_BY_PSU'],
    ['expired', 'EXPIRED'],
    ['terminated', 'TERMINATED'],
    // Refused, and yet not ended: the SCA is what is missing.
    ['valid', 'VALID'],
    ['unknown', 'VALID'],
    [null, 'TERMINATED'],
  ] as const)('asks the bank what has become of a consent that it refuses: %s is %s', async (word, status) => {
    const world = await createSynchronizationWorld();
    world.bank.consentStatus = word;
    world.bank.beforeAnswer = () => {
      throw new BankFailure('CONSENT_INVALID', 'refused');
    };
    expect(await world.synchronizeLogin(request(world))).toEqual(failed('CONSENT_INVALID'));
    const endedAt = status === 'VALID' ? null : world.clock.now();
    expect(await world.login()).toMatchObject({ status: 'SCA_REQUIRED', consents: [{ status, endedAt }] });
    const expired = status === 'EXPIRED' ? ['CONSENT_EXPIRED'] : [];
    expect((await world.events()).map(({ type }) => type)).toEqual([...expired, 'BANK_LOGIN_SCA_REQUIRED']);
    // The list of accounts, before it is known which there are.
    expect(await world.database.prisma.bankAccess.count()).toBe(1);
  });

  it('says once that the consent is lost', async () => {
    const world = await createSynchronizationWorld();
    world.bank.beforeAnswer = () => {
      throw new BankFailure('CREDENTIALS_INVALID', 'refused');
    };
    await world.synchronizeLogin(request(world));
    await world.synchronizeLogin(request(world));
    expect((await world.events()).map(({ type }) => type)).toEqual(['BANK_LOGIN_SCA_REQUIRED']);
  });

  it('closes the budget for the day when the bank says so', async () => {
    const world = await createSynchronizationWorld();
    world.bank.beforeAnswer = () => {
      throw new BankFailure('ACCESS_EXCEEDED', 'refused');
    };
    await world.synchronizeLogin(request(world));
    const calls = world.bank.calls.length;
    world.bank.beforeAnswer = () => {};
    expect(await world.synchronizeLogin(request(world))).toMatchObject({ kind: 'skipped', reason: 'ACCESS_LIMIT' });
    expect(world.bank.calls).toHaveLength(calls);
    world.clock.advance(24 * 3_600_000);
    expect(await world.synchronizeLogin(request(world))).toMatchObject({ kind: 'synchronized' });
  });

  it('forgets the failures of before when it succeeds again', async () => {
    const world = await createSynchronizationWorld();
    world.bank.beforeAnswer = () => {
      throw new BankFailure('BANK_UNAVAILABLE', 'down');
    };
    await world.synchronizeLogin(request(world));
    expect(await world.login()).toMatchObject({ status: 'SYNC_FAILED', bankFailureCount: 1 });
    world.bank.beforeAnswer = () => {};
    await world.synchronizeLogin(request(world));
    expect(await world.login()).toMatchObject({ status: 'OK', bankFailureCount: 0 });
  });

  it('takes a reply that the database refuses for malformed, and stores none of it', async () => {
    const world = await createSynchronizationWorld();
    world.bank.accounts = [bankAccount(), bankAccount({ resourceId: 'r2', currency: 'USD' })];
    world.bank.pages.set('r2', [[bankTransaction({ remittanceInformation: 'a null \u0000 byte' })]]);
    expect(await world.synchronizeLogin(request(world))).toEqual(failed('MALFORMED_REPLY'));
    expect(await world.login()).toMatchObject({ status: 'SYNC_FAILED', accounts: [] });
  });

  it('notes it when the bank has left the list', async () => {
    const world = await createSynchronizationWorld();
    await world.database.prisma.bank.create({ data: { id: 'bank_gone', name: 'Gone', country: 'DE', listed: false } });
    await world.database.prisma.bankLogin.updateMany({ data: { bankId: 'bank_gone' } });
    expect(await world.synchronizeLogin(request(world))).toEqual(failed('BANK_UNAVAILABLE', true));
  });
});

describe('a synchronization that is overtaken', () => {
  it('merges into what another one has stored meanwhile, without asking the bank again', async () => {
    const world = await createSynchronizationWorld();
    let overtaken = false;
    world.bank.beforeAnswer = async ({ operation }) => {
      if (operation !== 'listTransactions' || overtaken) return;
      overtaken = true;
      await world.synchronizeLogin(request(world));
    };
    expect(await world.synchronizeLogin(request(world))).toMatchObject({ kind: 'synchronized' });
    expect(world.bank.calls).toHaveLength(6);
    expect(await world.events()).toMatchObject([
      { type: 'BANK_LOGIN_CONNECTED', data: { accounts: [{ newTransactions: [expect.anything()] }] } },
      { type: 'BANK_LOGIN_SYNCHRONIZED', data: { sequence: 1, accounts: [{ newTransactions: [] }] } },
    ]);
    expect(await world.database.prisma.transaction.count()).toBe(1);
    expect(await world.database.prisma.account.count()).toBe(1);
  });

  it('writes nothing when its entry of the cycle has a new holder', async () => {
    const world = await createSynchronizationWorld();
    const cycle = await startCycle(world);
    world.bank.beforeAnswer = async () => {
      await world.database.prisma.cycleEntry.updateMany({ data: { fencingToken: 2 } });
    };
    expect(await world.synchronizeLogin(request(world, { cycle }))).toEqual({ kind: 'stale' });
    world.bank.beforeAnswer = () => {
      throw new BankFailure('BANK_UNAVAILABLE', 'down');
    };
    expect(await world.synchronizeLogin(request(world, { cycle }))).toEqual({ kind: 'stale' });
    expect(await world.events()).toEqual([]);
    expect(await world.login()).toMatchObject({ status: 'OK', version: 0, lastCycleId: null, accounts: [] });
  });

  it('notes the cycle that it was done by', async () => {
    const world = await createSynchronizationWorld();
    const cycle = await startCycle(world);
    await world.synchronizeLogin(request(world, { cycle }));
    expect(await world.login()).toMatchObject({ lastCycleId: 'cyc_1', lastAttempt: { cycleId: 'cyc_1' } });
    expect(await world.events()).toMatchObject([{ cycleId: 'cyc_1' }]);
  });

  it('does not make a login OK again whose consent was lost meanwhile', async () => {
    const world = await createSynchronizationWorld();
    world.bank.beforeAnswer = async () => {
      await world.database.prisma.consent.updateMany({ data: { status: 'REVOKED_BY_PSU' } });
      await world.database.prisma.bankLogin.updateMany({ data: { status: 'SCA_REQUIRED' } });
    };
    expect(await world.synchronizeLogin(request(world))).toMatchObject({ kind: 'synchronized' });
    expect(await world.login()).toMatchObject({ status: 'SCA_REQUIRED', lastSynchronization: world.clock.now() });
  });

  it('is skipped when the login has been deleted meanwhile', async () => {
    const world = await createSynchronizationWorld();
    world.bank.beforeAnswer = async () => void (await world.database.prisma.bankLogin.deleteMany());
    expect(await world.synchronizeLogin(request(world))).toEqual({ kind: 'skipped', reason: 'LOGIN_DELETED' });
    expect(await world.synchronizeLogin(request(world))).toEqual({ kind: 'skipped', reason: 'LOGIN_DELETED' });
    expect(await world.events()).toEqual([]);
  });
});

describe('a bank that does not answer', () => {
  it('is waited for until the process stops, and the login is handed back untouched', async () => {
    const world = await createSynchronizationWorld();
    const stop = new AbortController();
    world.bank.beforeAnswer = (_call, access) => {
      stop.abort();
      return silence(access);
    };
    expect(await world.synchronizeLogin(request(world, { signal: stop.signal }))).toEqual({ kind: 'interrupted' });
    expect(await world.events()).toEqual([]);
    expect(await world.login()).toMatchObject({ status: 'OK', version: 0 });
  });

  it('is passed over by a cycle for a while after five logins in a row, but not by the end user', async () => {
    const world = await createSynchronizationWorld();
    await failForFive(world);
    const cycle = await startCycle(world);
    const calls = world.bank.calls.length;
    const until = new Date(world.clock.now().getTime() + 5 * 60_000);
    expect(await world.synchronizeLogin(request(world, { cycle }))).toEqual(postponed(until));
    expect(world.bank.calls).toHaveLength(calls);
    await world.synchronizeLogin(request(world, { psu, trigger: 'MANUAL' }));
    expect(world.bank.calls).toHaveLength(calls + 1);
    world.bank.beforeAnswer = () => {};
    world.clock.set(until);
    expect(await world.synchronizeLogin(request(world, { cycle }))).toMatchObject({ kind: 'synchronized' });
  });

  it('for one login alone is asked for the others', async () => {
    const world = await createSynchronizationWorld();
    world.bank.beforeAnswer = down;
    for (let n = 0; n < 10; n++) await world.synchronizeLogin(request(world, { psu, trigger: 'MANUAL' }));
    const cycle = await startCycle(world);
    expect(await world.synchronizeLogin(request(world, { cycle }))).toMatchObject(failedByBank);
  });
});

describe('of a failure in a cycle', () => {
  const first = { isLast: false, earlierFailure: null, wasPassedOver: false };
  const last = { isLast: true, earlierFailure: 'BANK_UNAVAILABLE', wasPassedOver: false } as const;
  const failures = async (world: SynchronizationWorld) =>
    (await world.events()).filter(({ type }) => type === 'BANK_LOGIN_SYNCHRONIZATION_FAILED');

  it('receivers are told once, when the cycle has tried once more', async () => {
    const world = await createSynchronizationWorld();
    const cycle = await startCycle(world);
    world.bank.beforeAnswer = down;
    expect(await world.synchronizeLogin(request(world, { cycle, cycleTry: first }))).toEqual(failedByBank);
    expect(await failures(world)).toEqual([]);
    expect(await world.login()).toMatchObject({
      status: 'SYNC_FAILED',
      lastAttempt: { errorCode: 'BANK_UNAVAILABLE' },
    });
    const again = await world.synchronizeLogin(request(world, { cycle, cycleTry: last }));
    expect(again).toEqual({ ...failedByBank, retryable: false });
    expect(await failures(world)).toMatchObject([{ cycleId: 'cyc_1', data: { errorCode: 'BANK_UNAVAILABLE' } }]);
  });

  it('receivers are not told when the other try succeeds', async () => {
    const world = await createSynchronizationWorld();
    const cycle = await startCycle(world);
    world.bank.beforeAnswer = down;
    await world.synchronizeLogin(request(world, { cycle, cycleTry: first }));
    world.bank.beforeAnswer = () => {};
    expect(await world.synchronizeLogin(request(world, { cycle, cycleTry: last }))).toMatchObject({
      kind: 'synchronized',
    });
    expect(await failures(world)).toEqual([]);
  });

  it('receivers are told at once where another try cannot help', async () => {
    const world = await createSynchronizationWorld();
    const cycle = await startCycle(world);
    world.bank.beforeAnswer = () => {
      throw new BankFailure('MALFORMED_REPLY', 'what?');
    };
    await world.synchronizeLogin(request(world, { cycle, cycleTry: first }));
    expect(await failures(world)).toMatchObject([{ data: { errorCode: 'MALFORMED_REPLY' } }]);
  });

  it('receivers are told of the first failure where no access is left for the other try', async () => {
    const world = await createSynchronizationWorld();
    const cycle = await startCycle(world);
    world.bank.beforeAnswer = down;
    await world.synchronizeLogin(request(world, { cycle, cycleTry: first }));
    await world.database.prisma.consent.updateMany({ data: { frequencyPerDay: 1 } });
    const again = await world.synchronizeLogin(request(world, { cycle, cycleTry: last }));
    expect(again).toEqual({ ...failedByBank, retryable: false });
    expect(await failures(world)).toMatchObject([{ data: { errorCode: 'BANK_UNAVAILABLE' } }]);
    expect(await world.login()).toMatchObject({ lastAttempt: { errorCode: 'ACCESS_LIMIT' } });
  });

  it('nobody is told, and no try is lost, while the bank is passed over; the reason is kept in one attempt', async () => {
    const world = await createSynchronizationWorld();
    await failForFive(world);
    const cycle = await startCycle(world);
    const [calls, told] = [world.bank.calls.length, (await failures(world)).length];
    const outcome = await world.synchronizeLogin(request(world, { cycle, cycleTry: first }));
    expect(outcome).toMatchObject({ kind: 'postponed', reason: 'BANK_UNAVAILABLE' });
    const { lastAttempt } = await world.login();
    expect(lastAttempt).toMatchObject({ cycleId: 'cyc_1', errorCode: 'BANK_PASSED_OVER' });
    expect(lastAttempt?.errorMessage).toContain('left alone for a while');
    const again = { ...first, wasPassedOver: true };
    expect(await world.synchronizeLogin(request(world, { cycle, cycleTry: again }))).toEqual(outcome);
    expect((await world.login()).lastAttempt?.id).toBe(lastAttempt?.id);
    expect(await failures(world)).toHaveLength(told);
    expect(world.bank.calls).toHaveLength(calls);
  });

  it('by a fault of ours receivers are told when the cycle gives up, and the attempt has an end', async () => {
    const world = await createSynchronizationWorld();
    const cycle = await startCycle(world);
    world.bank.beforeAnswer = () => {
      throw new TypeError('a bug');
    };
    await expect(world.synchronizeLogin(request(world, { cycle, cycleTry: first }))).rejects.toThrow('a bug');
    expect(await failures(world)).toEqual([]);
    const last = { ...first, isLast: true };
    await expect(world.synchronizeLogin(request(world, { cycle, cycleTry: last }))).rejects.toThrow('a bug');
    expect(await failures(world)).toMatchObject([{ cycleId: 'cyc_1', data: { errorCode: 'UNEXPECTED' } }]);
    const { status, lastAttempt } = await world.login();
    expect(status).toBe('SYNC_FAILED');
    expect(lastAttempt).toMatchObject({ errorCode: 'UNEXPECTED', finishedAt: world.clock.now() });
  });

  it('while the database is restarted receivers are told nothing: the cycle comes back to the login', async () => {
    const world = await createSynchronizationWorld();
    const cycle = await startCycle(world);
    world.bank.beforeAnswer = () => {
      throw Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' });
    };
    const last = { ...first, isLast: true };
    await expect(world.synchronizeLogin(request(world, { cycle, cycleTry: last }))).rejects.toThrow('terminating');
    expect(await failures(world)).toEqual([]);
    expect((await world.login()).status).toBe('OK');
  });
});

const psu = { ipAddress: '192.0.2.1' };
const failedByBank = { kind: 'failed', code: 'BANK_UNAVAILABLE', retryable: true };
const postponed = (until: Date) => ({ kind: 'postponed', reason: 'BANK_UNAVAILABLE', until });
