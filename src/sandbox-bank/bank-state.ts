import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type AccessLog, createAccessLog } from './access-log.ts';
import { type ConsentState, consentState } from './consent-state.ts';
import { type Journal, openJournal } from './journal.ts';
import { type GrantState, type GrantStore, grantState } from './oauth-grants.ts';

/** What has been booked on an account since it was first looked at. */
export interface AccountBook {
  /** The day of the first look, in days since 1970: the history lies before it. */
  firstDay: number;
  /** How often the transactions have been read. */
  readingCount: number;
  /** The days of the latest readings, oldest first: those whose entries are still shown. */
  readingDays: number[];
  /** Of all that is booked, history and readings, shown or not. */
  bookedCents: number;
}

/** What the bank remembers, over restarts and kills. */
export interface BankState extends AccessLog {
  findConsent(id: string): ConsentState | null;
  findConsentByLink(link: string): ConsentState | null;
  /** The newest that waits for this end user's approval in the bank's app. */
  findWaiting(psuId: string): ConsentState | null;
  /** All of the end user, oldest first. */
  listConsents(psuId: string): ConsentState[];
  saveConsent(consent: ConsentState): void;
  /** Of the bank's authorisation server. */
  grants: GrantStore;
  findBook(account: string): Readonly<AccountBook> | null;
  openBook(account: string, book: { firstDay: number; bookedCents: number }): void;
  /** `cents`: what the reading books. Needs an open book. */
  addReading(account: string, reading: { day: number; cents: number }): void;
  /** For what the bank gives out and wants back unchanged. */
  secret: string;
  close(): void;
}

/** Readings of an account whose entries are shown: those before are only in its balance. */
const maxShownReadings = 2_000;
/** Ended consents are forgotten after this long. */
const forgetMs = 180 * 86_400_000;

const bookLine = z.object({
  account: z.string(),
  firstDay: z.int(),
  readingCount: z.int(),
  readingDays: z.array(z.int()),
  bookedCents: z.int(),
});

/** `file` null: in memory only. */
export function openBankState(file: string | null, nowMs: () => number): BankState {
  const consents = new Map<string, ConsentState>();
  const byLink = new Map<string, string>();
  const waiting = new Map<string, string>();
  const grants = new Map<string, GrantState>();
  const grantsByConsent = new Map<string, string>();
  const books = new Map<string, AccountBook>();
  const accesses = createAccessLog();
  let secret = randomBytes(32).toString('base64url');

  function keepConsent(consent: ConsentState): void {
    consents.set(consent.id, consent);
    if (consent.link) byLink.set(consent.link, consent.id);
    if (consent.variant === 'decoupled' && consent.psuId) waiting.set(consent.psuId, consent.id);
  }

  function keepGrant(grant: GrantState): void {
    grants.set(grant.id, grant);
    grantsByConsent.set(grant.consentId, grant.id);
  }

  function keepReading(account: string, { day, cents }: { day: number; cents: number }): void {
    const book = books.get(account);
    if (!book) throw new Error(`The account ${account} has no book.`);
    book.readingCount += 1;
    book.bookedCents += cents;
    book.readingDays.push(day);
    if (book.readingDays.length > maxShownReadings) book.readingDays.shift();
  }

  // Readings and accesses are by far the most, and their form is ours alone: only the rest is looked at closely.
  function replay(entry: Record<string, unknown>): void {
    if ('r' in entry) {
      const [account, day, cents] = entry.r as [string, number, number];
      keepReading(account, { day, cents });
    } else if ('a' in entry) {
      const [key, at] = entry.a as [string, number];
      accesses.addAccess(key, at);
    } else if ('consent' in entry) {
      keepConsent(consentState.parse(entry.consent));
    } else if ('grant' in entry) {
      keepGrant(grantState.parse(entry.grant));
    } else if ('book' in entry) {
      const { account, ...book } = bookLine.parse(entry.book);
      books.set(account, book);
    } else if (typeof entry.secret === 'string') {
      secret = entry.secret;
    }
  }

  function* snapshot(): Generator<object> {
    yield { secret };
    for (const consent of consents.values()) {
      const isOver = consent.status !== 'valid' && consent.lastActionAt < nowMs() - forgetMs;
      if (!isOver) yield { consent };
    }
    for (const grant of grants.values()) if (!grant.isOver) yield { grant };
    for (const [account, book] of books) yield { book: { account, ...book } };
    for (const access of accesses.recentAccesses(nowMs())) yield { a: access };
  }

  const journal: Journal | null = file ? openJournal({ file, replay, snapshot }) : null;
  let isClosed = false;

  // Written before the reply: what the bank has said survives the process. Kept first, for writing may take a snapshot.
  function keep(entry: Record<string, unknown>): void {
    if (isClosed) throw new Error('The sandbox bank is closed.');
    replay(entry);
    journal?.append(entry);
  }

  return {
    findConsent: (id) => consents.get(id) ?? null,
    findConsentByLink: (link) => consents.get(byLink.get(link) ?? '') ?? null,
    findWaiting: (psuId) => {
      const consent = consents.get(waiting.get(psuId) ?? '');
      return consent?.status === 'received' ? consent : null;
    },
    listConsents: (psuId) => [...consents.values()].filter((consent) => consent.psuId === psuId),
    saveConsent: (consent) => keep({ consent }),
    grants: {
      find: (id) => grants.get(id) ?? null,
      findByConsent: (id) => grants.get(grantsByConsent.get(id) ?? '') ?? null,
      // A token begins with its grant's id.
      findByToken: (token) => grants.get(token.split('.')[0] ?? '') ?? null,
      list: () => [...grants.values()],
      save: (grant) => keep({ grant }),
    },
    findBook: (account) => books.get(account) ?? null,
    openBook: (account, { firstDay, bookedCents }) =>
      keep({ book: { account, firstDay, bookedCents, readingCount: 0, readingDays: [] } }),
    addReading: (account, { day, cents }) => keep({ r: [account, day, cents] }),
    accesses: accesses.accesses,
    addAccess: (key, at) => keep({ a: [key, at] }),
    recentAccesses: accesses.recentAccesses,
    secret,
    close: () => {
      isClosed = true;
      journal?.close();
    },
  };
}
