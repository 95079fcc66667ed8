import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { BankFailureCode } from '../../src/banking/bank-failure.ts';
import { createSettlement } from '../../src/consent/consent-settlement.ts';
import { createConsentStore } from '../../src/consent/consent-store.ts';
import { createSessionStore } from '../../src/consent/session-store.ts';
import { newId } from '../../src/domain/ids.ts';
import type { EventData, TransactionData } from '../../src/events/event-catalogue.ts';
import { Prisma } from '../../src/storage/database.ts';
import { insertEnrolledUser } from '../support/enrolled-users.ts';
import { ChangingBank, currencies, type IdHabit, type Manner, type Payment, plainly } from './changing-bank.ts';
import { createSynchronizationWorld, type SynchronizationWorld } from './synchronization-world.ts';

// Each sequence is one login's life at a bank of its own. So many are gone through by default; all that the promise is
// about with RANDOM_SEQUENCES=10000.
const sequenceCount = Number(process.env.RANDOM_SEQUENCES ?? 500);

// A sequence that went wrong is gone through again by the seed that the failure names.
const seed = process.env.RANDOM_SEED ? { seed: Number(process.env.RANDOM_SEED) } : {};

const minute = 60_000;
const day = 24 * 60 * minute;

type Change =
  | { kind: 'pays'; isCoffee: boolean; daysAgo: number; account: number }
  | { kind: 'announces'; isCoffee: boolean; account: number }
  | { kind: 'books'; which: number; account: number; otherAmount: boolean }
  | { kind: 'withdraws'; which: number; account: number };

type Action =
  | {
      kind: 'synchronizes';
      trigger: 'SCHEDULER' | 'MANUAL';
      attended: boolean;
      manner: Manner;
      renewedAtCall: number | null;
      /** One after the other. */
      times: number;
    }
  | { kind: 'renews'; outcome: 'valid' | 'rejected' | 'received'; twice: boolean; terms: Terms; manner: Manner };

interface Terms {
  frequencyPerDay: number;
  newIds: boolean;
}

interface Step {
  waitMinutes: number;
  changes: Change[];
  action: Action;
}

interface Life {
  /** Of the first consent. */
  frequencyPerDay: number;
  /** Payments are booked with another amount than announced; else a renewed consent may bring new ids. Both nobody could follow. */
  amountsChange: boolean;
  habit: IdHabit;
  accountCount: number;
  steps: Step[];
}

const often = <T>(usual: T, arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary });

const failure = fc.record({
  atCall: fc.nat(4),
  code: fc.constantFrom<BankFailureCode>(
    'BANK_UNAVAILABLE',
    'BANK_UNAVAILABLE',
    'MALFORMED_REPLY',
    'REQUEST_REFUSED',
    'ACCESS_EXCEEDED',
    'CONSENT_EXPIRED',
    'CONSENT_INVALID',
    'CREDENTIALS_INVALID',
    'CERTIFICATE_REJECTED',
  ),
});

const manner: fc.Arbitrary<Manner> = fc.record({
  shuffledBy: often<number | null>(null, fc.nat(1_000)),
  repeats: often(false, fc.constant(true)),
  leavesOut: often(0, fc.integer({ min: 1, max: 3 })),
  pageSize: often(100, fc.integer({ min: 1, max: 3 })),
  hidesAccount: often(false, fc.constant(true)),
  fails: often<Manner['fails']>(null, failure),
});

const account = fc.nat(1);
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('pays' as const),
      isCoffee: fc.boolean(),
      daysAgo: fc.constantFrom(0, 0, 1, 3, 20),
      account,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('announces' as const), isCoffee: fc.boolean(), account }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('books' as const), which: fc.nat(9), account, otherAmount: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('withdraws' as const), which: fc.nat(9), account }) },
);

const terms = fc.record({ frequencyPerDay: fc.constantFrom(1, 2, 4, 4, 24), newIds: fc.boolean() });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('synchronizes' as const),
      trigger: fc.constantFrom('SCHEDULER' as const, 'SCHEDULER' as const, 'MANUAL' as const),
      attended: often(false, fc.constant(true)),
      manner,
      renewedAtCall: often<number | null>(null, fc.nat(4)),
      times: fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 5),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('renews' as const),
      outcome: fc.constantFrom(
        'valid' as const,
        'valid' as const,
        'valid' as const,
        'rejected' as const,
        'received' as const,
      ),
      twice: often(false, fc.constant(true)),
      terms,
      manner,
    }),
  },
);

const life: fc.Arbitrary<Life> = fc.record({
  frequencyPerDay: fc.constantFrom(1, 4, 24),
  amountsChange: fc.boolean(),
  habit: fc.constantFrom<IdHabit>('always', 'a reference first', 'when booked', 'never'),
  accountCount: fc.constantFrom(1, 1, 2),
  steps: fc.array(
    fc.record({
      waitMinutes: fc.constantFrom(0, 1, 90, 11 * 60, 13 * 60, 24 * 60, 10 * 24 * 60),
      changes: fc.array(change, { maxLength: 4 }),
      action,
    }),
    { minLength: 1, maxLength: 6 },
  ),
});

/** What must be kept of one login, by what its bank has said and nothing of ours. */
interface Truth {
  /** By account, what has been told and not been taken back. */
  kept: Map<number, Payment>[];
  /** Our id of each payment that can be told from all others by its text. */
  ids: Map<string, string>;
  /** The bank's consent that is in force; null after its loss. */
  consentId: string | null;
  limits: Map<string, number>;
}

interface KeptRow {
  id: string;
  currency: string;
  status: string;
  bookingDate: string | null;
  amount: string;
  name: string;
  text: string;
}

function createWalk(world: SynchronizationWorld, setBank: (bank: ChangingBank) => void) {
  const { database, clock, encryption, clientId, runner, log } = world;
  const { prisma } = database;
  const sessions = createSessionStore(database);
  const consents = createConsentStore(database);
  let bank: ChangingBank;
  const banks = { get: () => bank.port };
  const runSession = runner.runSession;
  const settlement = createSettlement({ clock, sessions, consents, banks, encryption, runSession, log });
  let consentCount = 0;
  let paymentCount = 0;

  return async ({ habit, accountCount, amountsChange, frequencyPerDay, steps }: Life): Promise<void> => {
    bank = new ChangingBank({ accountCount, habit, now: clock.now });
    setBank(bank);
    const first = toConsentId(false);
    const bankConsentId = encryption.encrypt(first);
    const { userId, loginId } = await insertEnrolledUser(database, { clientId, now: clock.now(), bankConsentId });
    await prisma.consent.updateMany({ where: { bankLoginId: loginId }, data: { frequencyPerDay } });
    const truth: Truth = {
      kept: bank.accounts.map(() => new Map()),
      ids: new Map(),
      consentId: first,
      limits: new Map([[first, frequencyPerDay]]),
    };
    for (const step of steps) {
      clock.advance(step.waitMinutes * minute);
      for (const each of step.changes) apply(each);
      if (step.action.kind === 'renews') await renew(step.action);
      else for (let time = 0; time < step.action.times; time += 1) await synchronize(step.action);
      if (bank.ended.has(truth.consentId ?? '')) truth.consentId = null;
      await check();
    }
    checkAccesses();
    await checkEvents();

    function toConsentId(newIds: boolean): string {
      consentCount += 1;
      return `c${consentCount}${newIds ? ' new ids' : ''}`;
    }

    function apply(each: Change): void {
      const payments = bank.accounts[each.account % accountCount] ?? [];
      switch (each.kind) {
        case 'pays':
        case 'announces': {
          paymentCount += 1;
          const bookedOn = each.kind === 'pays' ? dayBefore(each.daysAgo) : null;
          const text = each.isCoffee ? 'Thank you' : `payment ${paymentCount}`;
          payments.push({ n: paymentCount, amount: '-3.20', name: 'Coffee Bar', text, bookedOn });
          return;
        }
        case 'books': {
          const pending = payments.filter(({ bookedOn }) => bookedOn === null);
          const booked = pending[each.which % pending.length];
          if (!booked) return;
          booked.bookedOn = dayBefore(0);
          // Without an id nobody could know it again.
          if (each.otherAmount && amountsChange && habit === 'always') booked.amount = '-3.40';
          return;
        }
        case 'withdraws':
          if (payments.length > 0) payments.splice(each.which % payments.length, 1);
      }
    }

    function dayBefore(days: number): string {
      return toDay(clock.now().getTime() - days * day);
    }

    async function synchronize({ trigger, attended, manner, renewedAtCall }: Action & { kind: 'synchronizes' }) {
      const consentId = truth.consentId;
      bank.beginReading(manner, trigger);
      if (renewedAtCall !== null) {
        const renewal = { kind: 'renews', outcome: 'valid', twice: false, manner: plainly } as const;
        const act = () => renew({ ...renewal, terms: { frequencyPerDay: 4, newIds: false } });
        bank.meanwhile = { atCall: renewedAtCall, act };
      }
      const psu = attended ? { ipAddress: '192.0.2.1' } : null;
      const { signal } = new AbortController();
      const outcome = await world.synchronizeLogin({ loginId, trigger, psu, signal });
      bank.meanwhile = null;
      if (consentId === null) expect(outcome).toMatchObject({ kind: 'skipped', reason: 'CONSENT_MISSING' });
      if (outcome.kind === 'synchronized') keepTold();
    }

    async function renew({ outcome, twice, terms: granted, manner }: Action & { kind: 'renews' }): Promise<void> {
      const waiting = [];
      for (let count = twice ? 2 : 1; count > 0; count -= 1) {
        const bankConsent = toConsentId(granted.newIds && !amountsChange);
        const { frequencyPerDay } = granted;
        bank.consents.set(bankConsent, { status: outcome, recurring: true, validUntil: '2099-01-01', frequencyPerDay });
        truth.limits.set(bankConsent, frequencyPerDay);
        waiting.push({ bankConsent, session: await awaitConsent(bankConsent) });
      }
      bank.beginReading(manner, 'MANUAL');
      await Promise.all(waiting.map(({ session }) => settlement.settle(session)));
      for (const { session, bankConsent } of waiting) {
        const ended = await prisma.session.findUniqueOrThrow({ where: { id: session.id } });
        expect(ended.status).not.toBe('RUNNING');
        // Of two that run at the same moment one may have failed: what it was told the other was told, too.
        if (ended.status === 'COMPLETED') keepTold();
        if (outcome !== 'valid') continue;
        // Of two that were granted at the same moment one is in force: which one is not for us to say.
        const consent = await prisma.consent.findUniqueOrThrow({ where: { id: ended.consentId ?? '' } });
        if (consent.status === 'SUPERSEDED') continue;
        truth.consentId = bankConsent;
      }
    }

    async function awaitConsent(bankConsent: string) {
      const now = clock.now();
      const session = await sessions.create({
        id: newId('synchronizationSession', now),
        kind: 'SYNCHRONIZATION',
        status: 'AWAITING_USER',
        clientId,
        userId,
        bankLoginId: loginId,
        bankId: 'bank_test',
        createdAt: now,
        updatedAt: now,
      });
      const begun = await consents.begin(session, {
        bankId: 'bank_test',
        bankConsentId: encryption.encrypt(bankConsent),
        terms: { recurring: true, validUntil: '2099-01-01', frequencyPerDay: 4 },
        stateHash: session.id,
        psuIpAddress: '192.0.2.1',
        authorisation: null,
        now,
      });
      if (!begun) throw new Error('The session does not wait.');
      return begun;
    }

    function keepTold(): void {
      for (const { index, from, payments } of bank.told) {
        const kept = truth.kept[index] ?? new Map<number, Payment>();
        const told = new Set(payments.map(({ n }) => n));
        for (const { n, text, bookedOn } of [...kept.values()]) {
          if (told.has(n) || (bookedOn !== null && bookedOn < from)) continue;
          kept.delete(n);
          // What comes back after it was taken back is new to us.
          truth.ids.delete(text);
        }
        for (const payment of payments) kept.set(payment.n, payment);
        truth.kept[index] = kept;
      }
    }

    async function check(): Promise<void> {
      const valid = await database.query<{ bankConsentId: string }>(Prisma.sql`
        SELECT bank_consent_id AS "bankConsentId" FROM consents WHERE bank_login_id = ${loginId} AND status = 'VALID'`);
      expect(valid.map(({ bankConsentId }) => encryption.decrypt(bankConsentId))).toEqual(
        truth.consentId === null ? [] : [truth.consentId],
      );
      const rows = await database.query<KeptRow>(Prisma.sql`
        SELECT t.id, t.currency, t.status::text AS status, t.booking_date AS "bookingDate", round(t.amount, 2)::text AS amount,
          t.counterparty_name AS name, t.remittance_information AS text
        FROM accounts a JOIN transactions t ON t.account_id = a.id WHERE a.bank_login_id = ${loginId}`);
      const expected = truth.kept.flatMap((kept, index) => [...kept.values()].map((payment) => toTold(payment, index)));
      expect(rows.map(toContent).sort()).toEqual(expected.sort());
      const ids = new Map(rows.filter(({ text }) => text !== 'Thank you').map(({ text, id }) => [text, id]));
      for (const [text, id] of ids) expect(truth.ids.get(text) ?? id).toBe(id);
      truth.ids = ids;
    }

    function checkAccesses(): void {
      const unattended = bank.calls.filter(({ attended }) => !attended);
      for (const { atMs, what, consentId } of unattended) {
        const inTheDayBefore = unattended.filter(
          (other) =>
            other.what === what && other.consentId === consentId && other.atMs <= atMs && other.atMs > atMs - day,
        );
        const limit = Math.min(truth.limits.get(consentId) ?? 0, 4);
        expect(inTheDayBefore.length).toBeLessThanOrEqual(limit);
        const refused = bank.refusals.filter((at) => at.consentId === consentId && at.atMs < atMs);
        expect(refused.filter((refusal) => toDay(refusal.atMs) === toDay(atMs))).toEqual([]);
        const onRequest = inTheDayBefore.filter(({ trigger }) => trigger === 'MANUAL');
        expect(onRequest.length).toBeLessThanOrEqual(Math.max(limit - 2, 0));
      }
    }

    /** Who only listens to the events has in the end what we have. */
    async function checkEvents(): Promise<void> {
      const events = await prisma.event.findMany({ where: { bankLoginId: loginId }, orderBy: { position: 'asc' } });
      const mirror = new Map<string, string>();
      for (const { data } of events) {
        const { accounts } = data as Partial<EventData<'BANK_LOGIN_SYNCHRONIZED'>>;
        for (const change of accounts ?? []) {
          for (const id of change.removedTransactionIds) expect(mirror.delete(id)).toBe(true);
          for (const { id, ...fields } of change.newTransactions) {
            expect(mirror.has(id)).toBe(false);
            mirror.set(id, toContent(toMirrored(fields)));
          }
          for (const { id, ...fields } of change.updatedTransactions) {
            expect(mirror.has(id)).toBe(true);
            mirror.set(id, toContent(toMirrored(fields)));
          }
        }
      }
      const expected = truth.kept.flatMap((kept, index) => [...kept.values()].map((payment) => toTold(payment, index)));
      expect([...mirror.values()].sort()).toEqual(expected.sort());
    }
  };
}

function toDay(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

type Content = Omit<KeptRow, 'id'>;

function toContent({ currency, status, bookingDate, amount, name, text }: Content): string {
  return [currency, status, bookingDate, amount, name, text].join(' | ');
}

function toTold({ amount, name, text, bookedOn }: Payment, index: number): string {
  const status = bookedOn === null ? 'PENDING' : 'BOOKED';
  return toContent({ currency: currencies[index] ?? '', status, bookingDate: bookedOn, amount, name, text });
}

function toMirrored(told: Omit<TransactionData, 'id'>): Content {
  const { status, bookingDate, amount, counterpartyName, remittanceInformation } = told;
  const [name, text] = [counterpartyName ?? '', remittanceInformation ?? ''];
  return { currency: amount.currency, status, bookingDate, amount: amount.amount, name, text };
}

it(
  'whatever a bank answers in whatever order: no transaction twice or lost, no access too many, no two valid consents',
  async () => {
    let bank: ChangingBank | null = null;
    const banks = {
      get: () => {
        if (!bank) throw new Error('There is no bank yet.');
        return bank.port;
      },
    };
    const world = await createSynchronizationWorld({ banks });
    const walk = createWalk(world, (next) => {
      bank = next;
    });
    await fc.assert(fc.asyncProperty(life, walk), { numRuns: sequenceCount, ...seed });
  },
  // All ten thousand take some minutes, and more on a busy machine.
  40 * minute,
);
