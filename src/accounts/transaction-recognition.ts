import { isCorrected, isNamed, isSurelyNamed } from './same-id.ts';
import { type RecognisedValues, toFace, toPlainFace, toPlainTexts, toWholeFace } from './transaction-face.ts';
import { type NameKind, type Payment, toNameOf } from './transaction-identity.ts';
import {
  type Described,
  isAnnouncementOf,
  isCardPaymentOf,
  isCompatible,
  isContained,
  isSameAmount,
  toDescribed,
  toLikeness,
} from './transaction-likeness.ts';

/** A transaction that was seen before: stored, or removed and remembered. */
export interface Known extends RecognisedValues {
  id: string;
}

export interface Recognition<K extends Known> {
  pairs: { payment: Payment; known: K }[];
  /** Payments that are not known. */
  fresh: Payment[];
  /** Known ones that the reply does not tell of. */
  missing: K[];
}

export interface RecognitionRequest<K extends Known> {
  payments: readonly Payment[];
  known: readonly K[];
  /** YYYY-MM-DD */
  today: string;
  /** Whether the reply had to tell of this one: that it does not is then a sign that it is told otherwise, or gone. */
  isLeftOut(known: K): boolean;
  /** Whether announcements would be in the reply: only then is one that it does not tell of likely to have been booked since. */
  tellsAnnouncements: boolean;
}

/**
 * Finds out which of the payments that a bank tells of are known already. One rule after the other takes what it is sure of and leaves the
 * rest to the next; the surest come first. The bank's ids count before contents, but never alone: some are used again.
 */
export function recognise<K extends Known>(request: RecognitionRequest<K>): Recognition<K> {
  const matching = createMatching(request);
  const { today, isLeftOut, tellsAnnouncements } = request;
  matching.byName((payment, known) => isSurelyNamed(payment.values, known, today));
  matching.byWholeFace();
  matching.bookedWithOneId();
  matching.byFace('BOOKED', toFace);
  matching.bookedSayingLess();
  matching.byName((payment, known) => isNamed(payment.values, known, today));
  matching.bookedByLikeness((pending, booked) => isAnnouncementOf(pending, booked, today));
  matching.byFace('PENDING', toFace);
  matching.byPlainFace('PENDING');
  matching.bookedByLikeness(() => tellsAnnouncements);
  matching.bookedStillAnnounced();
  matching.bookedOtherwise(isLeftOut);
  matching.byName((payment, known) => isCorrected(payment.values, known));
  matching.toldOtherwise(isLeftOut);
  matching.dropAnnouncements();
  return matching.finish();
}

type Status = RecognisedValues['status'];

interface Pair<K> {
  payment: Payment;
  known: K;
}

function createMatching<K extends Known>({ payments, known: stored, today }: RecognitionRequest<K>) {
  const open = new Set(payments);
  const free = new Set(stored);
  const pairs: Pair<K>[] = [];
  const plain = new Map<RecognisedValues, Described>();
  const pair = (payment: Payment, known: K): void => {
    open.delete(payment);
    free.delete(known);
    pairs.push({ payment, known });
  };
  const describe = <T extends RecognisedValues>(values: T): Described<T> => {
    const found = plain.get(values) ?? toDescribed(values);
    plain.set(values, found);
    return found as Described<T>;
  };
  const isDone = (): boolean => open.size === 0 || free.size === 0;
  const openOf = (status: Status) => [...open].filter(({ values }) => values.status === status);
  const freeOf = (status: Status) => [...free].filter((known) => known.status === status);

  function matchNames(kind: NameKind, accepts: (payment: Payment, known: K) => boolean): void {
    if (isDone()) return;
    const named = groupBy(free, (known) => toNameOf(kind, known));
    if (named.size === 0) return;
    for (const payment of open) {
      const name = payment.names.find((each) => each.startsWith(kind));
      const candidates = name === undefined ? undefined : named.get(name);
      if (candidates === undefined) continue;
      const known = Array.isArray(candidates)
        ? findMostAlike(
            payment.values,
            candidates.filter((each) => free.has(each) && accepts(payment, each)),
          )
        : candidates;
      if (known && free.has(known) && accepts(payment, known)) pair(payment, known);
    }
  }

  function byWholeFace(): void {
    if (isDone()) return;
    const alike = groupBy(free, toWholeFace);
    for (const payment of open) {
      const group = alike.get(toWholeFace(payment.values));
      const known = Array.isArray(group) ? group.shift() : group;
      if (known && free.has(known)) pair(payment, known);
    }
  }

  function byFace(status: Status, toKey: (values: RecognisedValues) => string): void {
    if (isDone()) return;
    const alike = groupBy(freeOf(status), toKey);
    if (alike.size === 0) return;
    for (const [key, told] of groupBy(openOf(status), ({ values }) => toKey(values))) {
      const [given, candidates] = [toList(told), toList(alike.get(key))];
      if (given.length > 1 || candidates.length > 1) {
        pairBest(given, candidates, (known, { values }) => toAgreement(known.values, values));
      }
      const rest = candidates.filter((known) => free.has(known));
      for (const payment of given) {
        const known = open.has(payment) ? rest.shift() : undefined;
        if (known) pair(payment, known);
      }
    }
  }

  /** Pairs those whose score is above 0, the best pairs first. */
  function pairBest(
    given: readonly Payment[],
    candidates: readonly K[],
    toScore: (known: Described<K>, given: Described) => number,
  ): void {
    if (candidates.length === 0) return;
    const scored = given.flatMap((payment) => {
      const described = describe(payment.values);
      return candidates.flatMap((known) => {
        const score = toScore(describe(known), described);
        return score > 0 ? [{ payment, known, score }] : [];
      });
    });
    // Of equals the newest: what was announced lately is booked lately, and old history may hold payments that look alike.
    const day = ({ payment }: (typeof scored)[number]) => payment.values.bookingDate ?? '';
    scored.sort((a, b) => b.score - a.score || day(b).localeCompare(day(a)));
    for (const { payment, known } of scored) if (open.has(payment) && free.has(known)) pair(payment, known);
  }

  // By day and amount first: old history may be long.
  function pairBooked(toScore: (known: Described<K>, booked: Described) => number): void {
    const booked = openOf('BOOKED');
    if (booked.length === 0) return;
    const alike = groupBy(freeOf('BOOKED'), toDayAndAmount);
    for (const [key, told] of groupBy(booked, ({ values }) => toDayAndAmount(values))) {
      pairBest(toList(told), toList(alike.get(key)), toScore);
    }
  }

  return {
    byName(accepts: (payment: Payment, known: K) => boolean): void {
      // The bank's id of the transaction before its reference of the entry, which is less often one payment's alone.
      for (const kind of ['t', 'e'] as const) matchNames(kind, accepts);
    },
    byWholeFace,
    byFace,
    byPlainFace: (status: Status) => byFace(status, (values) => toPlainFace(values, describe(values).texts)),
    bookedByLikeness(accepts: (pending: Described<K>, booked: Described) => boolean): void {
      pairBest(openOf('BOOKED'), freeOf('PENDING'), (pending, booked) =>
        isSameAmount(pending.values, booked.values) && accepts(pending, booked) ? toLikeness(pending, booked) : 0,
      );
    },
    /** The bank has booked it under another id, and announces it still. */
    bookedStillAnnounced(): void {
      for (const announced of pairs) {
        const { payment, known } = announced;
        if (known.status !== 'PENDING' || payment.values.status !== 'PENDING') continue;
        const booked = openOf('BOOKED').find(({ values }) =>
          isAnnouncementOf(describe<RecognisedValues>(known), describe<RecognisedValues>(values), today),
        );
        if (!booked) continue;
        open.delete(booked);
        announced.payment = booked;
      }
    },
    bookedOtherwise(isLeftOut: (known: K) => boolean): void {
      pairBest(openOf('BOOKED'), freeOf('PENDING').filter(isLeftOut), (pending, booked) =>
        isCardPaymentOf(pending, booked) ? toCloseness(pending.values, booked.values) : 0,
      );
    },
    /** An id that several share still tells which of them is meant, where nothing else does. */
    bookedWithOneId(): void {
      pairBooked((known, booked) =>
        sharesId(known.values, booked.values) && isContained(booked, known)
          ? 1 + toLikeness(known, booked) + toAgreement(known.values, booked.values)
          : 0,
      );
    },
    /** What the bank says no longer, or said only while it was pending, is kept: the same payment says less then than what is stored. */
    bookedSayingLess(): void {
      pairBooked((known, booked) =>
        isContained(booked, known) ? 1 + toLikeness(known, booked) + toAgreement(known.values, booked.values) : 0,
      );
    },
    /** The bank tells a booked one in other words than before. */
    toldOtherwise(isLeftOut: (known: K) => boolean): void {
      pairBooked((known, booked) =>
        isLeftOut(known.values) && isCompatible(known, booked) ? toLikeness(known, booked) : 0,
      );
    },
    /** What is announced beside its booked self is one payment. */
    dropAnnouncements(): void {
      const announcements = openOf('PENDING');
      if (announcements.length === 0) return;
      const booked = new Set<RecognisedValues>();
      for (const known of free) if (known.status === 'BOOKED') booked.add(known);
      for (const { values } of payments) if (values.status === 'BOOKED') booked.add(values);
      for (const payment of announcements) {
        const pending = describe<RecognisedValues>(payment.values);
        const itself = [...booked].find((values) => isAnnouncementOf(pending, describe(values), today));
        if (!itself) continue;
        booked.delete(itself);
        open.delete(payment);
      }
    },
    finish: (): Recognition<K> => ({ pairs, fresh: [...open], missing: [...free] }),
  };
}

/** 1 for equal amounts, less for others. */
function toCloseness(a: RecognisedValues, b: RecognisedValues): number {
  const [first, second] = [Math.abs(Number(a.amount.amount)), Math.abs(Number(b.amount.amount))];
  return Math.min(first, second) / Math.max(first, second, Number.MIN_VALUE);
}

function sharesId(known: RecognisedValues, given: RecognisedValues): boolean {
  const fields = ['bankTransactionId', 'entryReference'] as const;
  return fields.some((field) => given[field] !== null && given[field] === known[field]);
}

/** Below 1: of those whose texts agree as well, the one whose ids and dates do so too. */
function toAgreement(known: RecognisedValues, given: RecognisedValues): number {
  const fields = ['bankTransactionId', 'entryReference', 'valueDate', 'transactionDate'] as const;
  return fields.filter((field) => given[field] !== null && given[field] === known[field]).length / 10;
}

function toDayAndAmount({ bookingDate, amount }: RecognisedValues): string {
  return `${bookingDate} ${amount.amount} ${amount.currency}`;
}

// An id that a whole order shares was that of several.
function findMostAlike<K extends Known>(given: RecognisedValues, candidates: readonly K[]): K | undefined {
  if (candidates.length < 2) return candidates[0];
  const [whole, face] = [toWholeFace(given), toPlainFace(given, toPlainTexts(given))];
  return (
    candidates.find((known) => toWholeFace(known) === whole) ??
    candidates.find((known) => toPlainFace(known, toPlainTexts(known)) === face) ??
    candidates.find(({ status }) => status === given.status) ??
    candidates[0]
  );
}

/** Those without a key are left out. Nearly all stand alone, without a list made for each. */
function groupBy<T extends object>(values: Iterable<T>, toKey: (value: T) => string | undefined): Map<string, T | T[]> {
  const groups = new Map<string, T | T[]>();
  for (const value of values) {
    const key = toKey(value);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, value);
    else if (Array.isArray(group)) group.push(value);
    else groups.set(key, [group, value]);
  }
  return groups;
}

function toList<T extends object>(group: T | T[] | undefined): T[] {
  if (group === undefined) return [];
  return Array.isArray(group) ? group : [group];
}
