import { expect } from 'vitest';
import type { BankPort } from '../../src/banking/bank-port.ts';
import { createSettlement } from '../../src/consent/consent-settlement.ts';
import { createConsentStore, credentialsOf } from '../../src/consent/consent-store.ts';
import { createCredentialKeeper } from '../../src/consent/credential-keeper.ts';
import { createCredentialStore } from '../../src/consent/credential-store.ts';
import { createSessionStore, type Session } from '../../src/consent/session-store.ts';
import { newId } from '../../src/domain/ids.ts';
import type { EventData, TransactionData } from '../../src/events/event-catalogue.ts';
import { type Database, Prisma } from '../../src/storage/database.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { openBankFront } from './bank-front.ts';
import { ChangingBank, type Manner, plainly, type Telling, toCurrency } from './changing-bank.ts';
import type { Action, Change, Life } from './random-lives.ts';
import { createSynchronizationWorld } from './synchronization-world.ts';
import {
  bringsNewIds,
  isNamedForGood,
  meetEqual,
  type ToldPayment,
  tellsAnew,
  tellsCoffeesTwice,
} from './told-rows.ts';
import { isInOnePiece } from './written-traits.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
/** A second reading confirms that something is gone when it comes so long after the first. */
const secondWitnessMs = 6 * 60 * minute;
const beginning = Date.parse('2026-03-10T11:00:00Z');

/** What must be kept of one login, by what its bank has said and nothing of ours. */
interface Truth {
  /** By account, what has been told, but for what has been left out twice. */
  kept: Map<number, Kept>[];
  /** Our id of each payment that can be told from all others by its text: for good, for what is told again has it again. */
  ids: Map<string, string>;
  /** The bank's consent that is in force; null after its loss. */
  consentId: string | null;
  limits: Map<string, number>;
}

interface Kept {
  payment: ToldPayment;
  /** When a reading first left it out; null when the latest that could tell of it did. */
  leftOutAt: number | null;
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

/**
 * Goes through lives, one after the other, each with a login of its own and a bank of its own. Walks on one database can go at the
 * same time; they are to be created one after the other.
 */
export async function createWalk(database: Database): Promise<(life: Life) => Promise<void>> {
  let port: BankPort;
  const banks = { get: () => port };
  const clock = fixedClock();
  const front = await openBankFront(clock);
  const world = await createSynchronizationWorld({ database, banks, clock });
  const { encryption, clientId, log } = world;
  const { runSession } = world.runner;
  const sessions = createSessionStore(database);
  const consents = createConsentStore(database);
  const credentials = createCredentialKeeper({ store: createCredentialStore(database), encryption });
  // It waits for the end of what it runs, however busy the machine is.
  const patienceMs = 600_000;
  const settlement = createSettlement({ clock, sessions, consents, banks, credentials, runSession, log, patienceMs });

  return async ({ beginsAt, habit, traits, written, accountCount, amountsChange, frequencyPerDay, steps }) => {
    clock.set(new Date(beginning + beginsAt * minute));
    const bank = new ChangingBank({ accountCount, habit, traits, now: clock.now });
    port = written === null ? bank.port : await front.open(bank, written);
    const isNumbered = traits.some((name) => name === 'ids-used-again' || name === 'references-restart');
    // Where something is left out, what is new and of the same price and shop would be taken for it.
    const hasOnePrice = traits.length === 0 && beginsAt % 2 === 0;
    // Of payments that are alike in all that is said nobody can tell which one is left out, once the bank gives other ids.
    const hasCoffees = steps.some(({ changes }) => changes.some((each) => 'isCoffee' in each && each.isCoffee));
    const mayLeaveOut = !isNumbered && !hasOnePrice && !hasCoffees;
    let consentCount = 0;
    let paymentCount = 0;
    const first = toConsentId(false);
    const loginId = newId('bankLogin', clock.now());
    const userId = newId('user', clock.now());
    const sessionIds = steps.flatMap(({ action }) =>
      Array.from({ length: countRenewals(action) }, () => newId('synchronizationSession', clock.now())),
    );
    await insertLogin();
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

    // In one statement, with a session for each renewal that may come: ten thousand of them count.
    async function insertLogin(): Promise<void> {
      const now = clock.now();
      const consentId = newId('consent', now);
      await database.query(Prisma.sql`
        WITH enrolled AS (
          INSERT INTO users (id, client_id, recurring, enrolled_at, created_at)
          VALUES (${userId}, ${clientId}, true, ${now}, ${now})
        ), connected AS (
          INSERT INTO bank_logins (id, client_id, user_id, bank_id, created_at)
          VALUES (${loginId}, ${clientId}, ${userId}, 'bank_test', ${now})
        ), awaiting AS (
          INSERT INTO sessions (id, kind, status, client_id, user_id, bank_login_id, bank_id, created_at, updated_at)
          SELECT id, 'SYNCHRONIZATION', 'AWAITING_USER', ${clientId}, ${userId}, ${loginId}, 'bank_test', ${now}, ${now}
          FROM unnest(${sessionIds}::text[]) AS id
        )
        INSERT INTO consents (id, client_id, user_id, bank_id, bank_login_id, status, recurring, valid_until, frequency_per_day,
          authorised_at, credentials, created_at)
        VALUES (${consentId}, ${clientId}, ${userId}, 'bank_test', ${loginId}, 'VALID', true, '2099-01-01', ${frequencyPerDay},
          ${now}, ${encryption.encrypt(first, credentialsOf(consentId))}, ${now})`);
    }

    function toConsentId(newIds: boolean): string {
      consentCount += 1;
      return `c${consentCount}${newIds ? bringsNewIds : ''}`;
    }

    function apply(each: Change): void {
      const payments = bank.accounts[each.account % accountCount] ?? [];
      switch (each.kind) {
        case 'pays':
        case 'announces': {
          paymentCount += 1;
          const isCoffee = each.isCoffee && !tellsCoffeesTwice(traits);
          const bookedOn = each.kind === 'pays' ? dayBefore(each.daysAgo) : null;
          const text = isCoffee ? 'Thank you' : `payment ${paymentCount}`;
          const amount = hasOnePrice || isCoffee ? '-3.20' : `-${(4 + paymentCount / 100).toFixed(2)}`;
          const name = hasOnePrice || isCoffee ? 'Coffee Bar' : `Shop ${paymentCount}`;
          payments.push({ n: paymentCount, amount, name, text, bookedOn });
          return;
        }
        case 'books': {
          const pending = payments.filter(({ bookedOn }) => bookedOn === null);
          const booked = pending[each.which % pending.length];
          if (!booked) return;
          booked.bookedOn = dayBefore(0);
          // Banks that number the entries of a day do it in the order of booking.
          if (isNumbered) payments.push(...payments.splice(payments.indexOf(booked), 1));
          // Without an id nobody could know it again.
          if (each.otherAmount && amountsChange && isNamedForGood(habit, traits)) booked.amount = '-3.40';
          return;
        }
        case 'withdraws':
          // Banks that number the entries of a day take none of them back.
          if (payments.length > 0 && mayLeaveOut) payments.splice(each.which % payments.length, 1);
      }
    }

    /** What nobody could make the right thing of does not happen. */
    function soften(manner: Manner): Manner {
      const leavesOut = mayLeaveOut ? manner.leavesOut : 0;
      // Of two equal coffees that meet at a seam one would be taken for the other, shown again.
      const isOnePage = meetEqual(habit, traits) || (written !== null && isInOnePiece(written));
      return { ...manner, leavesOut, pageSize: isOnePage ? plainly.pageSize : manner.pageSize };
    }

    function dayBefore(days: number): string {
      return toDay(clock.now().getTime() - days * day);
    }

    async function synchronize({ trigger, attended, manner, renewedAtCall }: Action & { kind: 'synchronizes' }) {
      const consentId = truth.consentId;
      bank.beginReading(soften(manner), trigger);
      if (renewedAtCall !== null) {
        const renewal = { kind: 'renews', outcome: 'valid', times: 'once', manner: plainly } as const;
        const act = () => renew({ ...renewal, terms: { frequencyPerDay: 4, newIds: false } });
        bank.meanwhile = { atCall: renewedAtCall, act };
      }
      const psu = attended ? { ipAddress: '192.0.2.1' } : null;
      const { signal } = new AbortController();
      const outcome = await world.synchronizeLogin({ loginId, trigger, psu, signal });
      await bank.endReading();
      if (consentId === null) expect(outcome).toEqual({ kind: 'skipped', reason: 'CONSENT_MISSING' });
      if (outcome.kind === 'synchronized') keepTold();
    }

    async function renew({ outcome, times, terms, manner }: Action & { kind: 'renews' }): Promise<void> {
      const waiting = [];
      // Two at the same moment must be told the same.
      for (let count = times !== 'once' && !tellsAnew(traits) ? 2 : 1; count > 0; count -= 1) {
        const bankConsent = toConsentId(terms.newIds && !amountsChange);
        const { frequencyPerDay } = terms;
        bank.consents.set(bankConsent, { status: outcome, recurring: true, validUntil: '2099-01-01', frequencyPerDay });
        truth.limits.set(bankConsent, frequencyPerDay);
        waiting.push({ bankConsent, session: await awaitConsent(bankConsent) });
      }
      bank.beginReading(soften(manner), 'MANUAL');
      if (times === 'twice, the second first') {
        for (const { session } of waiting.toReversed()) await settlement.settle(session);
      } else {
        await Promise.all(waiting.map(({ session }) => settlement.settle(session)));
      }
      const granted: { bankConsent: string; status: string | undefined }[] = [];
      for (const { session, bankConsent } of waiting) {
        const [ended] = await database.query<{ status: string; consentStatus: string }>(Prisma.sql`
          SELECT s.status, c.status AS "consentStatus" FROM sessions s LEFT JOIN consents c ON c.id = s.consent_id
          WHERE s.id = ${session.id}`);
        expect(ended?.status).not.toBe('RUNNING');
        // Of two that run at the same moment one may have failed: what it was told the other was told, too.
        if (ended?.status === 'COMPLETED') keepTold();
        if (outcome === 'valid') granted.push({ bankConsent, status: ended?.consentStatus });
      }
      if (granted.length > 0) truth.consentId = findInForce(granted);
    }

    /**
     * Of two that were granted at the same moment one supersedes the other: which one is not for us to say. The bank may have ended either
     * before that, or after it.
     */
    function findInForce(granted: readonly { bankConsent: string; status: string | undefined }[]): string | null {
      const inForce = granted.find(({ status }) => status === 'VALID');
      if (inForce) return inForce.bankConsent;
      const ended = granted.filter(({ status }) => status !== 'SUPERSEDED').map(({ bankConsent }) => bankConsent);
      expect(ended).not.toEqual([]);
      expect(ended.filter((bankConsent) => !bank.ended.has(bankConsent))).toEqual([]);
      return null;
    }

    async function awaitConsent(bankConsent: string) {
      const now = clock.now();
      const id = sessionIds.pop();
      if (!id) throw new Error('More renewals than the steps of this life have.');
      const consentId = newId('consent', now);
      const begun = await consents.begin({ id, bankLoginId: loginId } as Session, {
        nokStateHash: `nok ${id}`,
        awaitedReturn: null,
        consentId,
        bankId: 'bank_test',
        credentials: encryption.encrypt(bankConsent, credentialsOf(consentId)),
        terms: { recurring: true, validUntil: '2099-01-01', frequencyPerDay: 4 },
        stateHash: id,
        psuIpAddress: '192.0.2.1',
        authorisation: null,
        now,
      });
      if (!begun) throw new Error('The session does not wait.');
      return begun;
    }

    function keepTold(): void {
      const nowMs = clock.now().getTime();
      for (const telling of bank.told) {
        const { index, payments } = telling;
        const kept = truth.kept[index] ?? new Map<number, Kept>();
        const told = new Set(payments.map(({ n }) => n));
        for (const [n, { payment, leftOutAt }] of [...kept]) {
          if (told.has(n) || !couldBeTold(payment, telling)) continue;
          if (leftOutAt === null) kept.set(n, { payment, leftOutAt: nowMs });
          else if (nowMs - leftOutAt >= secondWitnessMs) kept.delete(n);
        }
        for (const payment of payments) {
          if (!kept.has(payment.n)) takePlace(payment, { kept, told, telling });
          kept.set(payment.n, { payment, leftOutAt: null });
        }
        truth.kept[index] = kept;
      }
    }

    /** A coffee that was left out and one that is new are the same, by all that is said of them. */
    function takePlace(
      { status, amount, name, text, bookedOn }: ToldPayment,
      { kept, told, telling }: { kept: Map<number, Kept>; told: ReadonlySet<number>; telling: Telling },
    ): void {
      for (const [n, { payment: other }] of kept) {
        const isLeftOut = !told.has(n) && couldBeTold(other, telling);
        const isAlike = other.amount === amount && other.name === name && other.text === text;
        const isOfThatDay = other.status === 'PENDING' || (status === 'BOOKED' && other.bookedOn === bookedOn);
        if (isLeftOut && isAlike && isOfThatDay) {
          kept.delete(n);
          return;
        }
      }
    }

    async function check(): Promise<void> {
      const [found] = await database.query<{ valid: { id: string; text: string }[]; rows: KeptRow[] }>(Prisma.sql`
        SELECT ARRAY(SELECT json_build_object('id', id, 'text', credentials) FROM consents WHERE bank_login_id = ${loginId} AND status = 'VALID') AS valid,
          ARRAY(
            SELECT json_build_object('id', t.id, 'currency', t.currency, 'status', t.status, 'bookingDate', t.booking_date,
              'amount', round(t.amount, 2)::text, 'name', t.counterparty_name, 'text', t.remittance_information)
            FROM accounts a JOIN transactions t ON t.account_id = a.id WHERE a.bank_login_id = ${loginId}
          ) AS rows`);
      const { valid = [], rows = [] } = found ?? {};
      expectSame(
        valid.map(({ id, text }) => encryption.decrypt(text, credentialsOf(id))),
        truth.consentId === null ? [] : [truth.consentId],
      );
      expectSame(rows.map(toContent), toExpected());
      const ids = new Map(rows.filter(({ text }) => text !== 'Thank you').map(({ text, id }) => [text, id]));
      expectSame(
        [...ids].map(([text, id]) => `${text} ${id}`),
        [...ids].map(([text, id]) => `${text} ${truth.ids.get(text) ?? id}`),
      );
      for (const [text, id] of ids) truth.ids.set(text, id);
    }

    function toExpected(): string[] {
      return truth.kept.flatMap((kept, index) => [...kept.values()].map(({ payment }) => toTold(payment, index)));
    }

    function checkAccesses(): void {
      const unattended = bank.calls.filter(({ attended }) => !attended);
      for (const { atMs, what, consentId } of unattended) {
        const inTheDayBefore = unattended.filter(
          (other) =>
            other.what === what && other.consentId === consentId && other.atMs <= atMs && other.atMs > atMs - day,
        );
        const limit = Math.min(truth.limits.get(consentId) ?? 0, 4);
        expectAtMost(inTheDayBefore.length, limit);
        const refused = bank.refusals.filter((at) => at.consentId === consentId && at.atMs < atMs);
        expectAtMost(refused.filter((refusal) => toDay(refusal.atMs) === toDay(atMs)).length, 0);
        const onRequest = inTheDayBefore.filter(({ trigger }) => trigger === 'MANUAL');
        expectAtMost(onRequest.length, Math.max(limit - 2, 0));
      }
    }

    /** Who only listens to the events has in the end what we have. */
    async function checkEvents(): Promise<void> {
      const events = await database.query<{ data: unknown }>(Prisma.sql`
        SELECT data FROM events WHERE bank_login_id = ${loginId} ORDER BY position`);
      const mirror = new Map<string, string>();
      const wrong: string[] = [];
      for (const { data } of events) {
        const { accounts } = data as Partial<EventData<'BANK_LOGIN_SYNCHRONIZED'>>;
        for (const change of accounts ?? []) {
          for (const id of change.removedTransactionIds) if (!mirror.delete(id)) wrong.push(`removed, unknown: ${id}`);
          for (const { id, ...fields } of change.newTransactions) {
            if (mirror.has(id)) wrong.push(`new, known: ${id}`);
            mirror.set(id, toContent(toMirrored(fields)));
          }
          for (const { id, ...fields } of change.updatedTransactions) {
            if (!mirror.has(id)) wrong.push(`updated, unknown: ${id}`);
            mirror.set(id, toContent(toMirrored(fields)));
          }
        }
      }
      expectSame(wrong, []);
      expectSame([...mirror.values()], toExpected());
    }
  };
}

function countRenewals(action: Action): number {
  if (action.kind === 'renews') return action.times === 'once' ? 1 : 2;
  return action.renewedAtCall === null ? 0 : action.times;
}

// Looked at by hand first: of ten thousand lives, `expect` would be a tenth of the cost.
function expectSame(actual: string[], expected: string[]): void {
  const [a, b] = [actual.sort(), expected.sort()];
  if (a.length !== b.length || a.some((one, index) => one !== b[index])) expect(a).toEqual(b);
}

function expectAtMost(count: number, limit: number): void {
  if (count > limit) expect(count).toBeLessThanOrEqual(limit);
}

function toDay(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

type Content = Omit<KeptRow, 'id'>;

function toContent({ currency, status, bookingDate, amount, name, text }: Content): string {
  return [currency, status, bookingDate, amount, name, text].join(' | ');
}

/** A bank asked from this day on need not tell of what has a date on it or before it. */
function couldBeTold({ status, bookedOn, valueDate }: ToldPayment, telling: Telling): boolean {
  if (!telling.complete) return false;
  if (status === 'PENDING') return telling.coversPending;
  return [bookedOn, valueDate].every((each) => each === null || each > telling.from);
}

function toTold({ status, amount, name, text, bookedOn }: ToldPayment, index: number): string {
  return toContent({ currency: toCurrency(index), status, bookingDate: bookedOn, amount, name, text });
}

function toMirrored(told: Omit<TransactionData, 'id'>): Content {
  const { status, bookingDate = null, amount, counterpartyName, remittanceInformation } = told;
  const [name, text] = [counterpartyName ?? '', remittanceInformation ?? ''];
  return { currency: amount.currency, status, bookingDate, amount: amount.amount, name, text };
}
