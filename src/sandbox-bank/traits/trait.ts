import type { BankReply } from '../exchange.ts';
import type { Person } from '../person.ts';

/** What a call asks for, and of what. */
export interface TraitQuestion {
  about: 'accounts' | 'card-accounts' | 'account' | 'balances' | 'transactions';
  /** The address under which the bank was asked, with its query. */
  url: URL;
  accept: string;
  now: Date;
  /** The one account that it is about. */
  account: { index: number; iban: string; currency: string; isCard: boolean } | null;
  /** Of transactions. */
  reading: ReadingQuestion | null;
}

export interface ReadingQuestion {
  query: EntryQuery;
  /** How often the account's transactions were read before: 0 for the first time. */
  number: number;
  /** From 0. */
  page: number;
}

/** The same, once it is known what there is. */
export interface TraitCall extends TraitQuestion {
  reading: ReadingCall | null;
}

export interface ReadingCall extends ReadingQuestion {
  isLastPage: boolean;
  pageUrl(page: number): string;
}

export interface EntryQuery {
  /** Both inclusive, YYYY-MM-DD. */
  dateFrom: string;
  dateTo: string;
  bookingStatus: 'booked' | 'pending' | 'both';
}

export type Json = { [name: string]: unknown };

/** A reply on its way: JSON, or the text of another format. */
export interface TraitReply {
  status: number;
  headers?: Record<string, string>;
  json?: Json;
  text?: string;
}

/**
 * In what a bank's replies depart from the plain ones. All parts are pure: the same call and the same plain reply give the same.
 * Parts that are left out change nothing.
 */
export interface Trait {
  /** One line of docs/sandbox-bank.md. */
  about: string;
  /** Other accounts than an ordinary end user has. */
  person?(person: Person): Person;
  /** Entries on a page of transactions. */
  pageSize?: number;
  /** Entries with which a page says again what the page before it has said. */
  pageOverlap?: number;
  /** Calls under one consent that are answered at the same time. */
  parallelCalls?: number;
  /** Media types of transactions instead of JSON. */
  formats?: readonly string[];
  /** What is looked up in place of what was asked for. */
  lookUp?(query: EntryQuery): EntryQuery;
  /** Throws a Refusal, or a BareRefusal, where the bank does not do that. */
  admit?(question: TraitQuestion): void;
  reply?: ReplyPart;
}

export type ReplyPart = (reply: TraitReply, call: TraitCall) => TraitReply;

/** Several in one: each takes what the one before it has made. */
export function joinTraits(
  traits: readonly Trait[],
): Required<Omit<Trait, 'about' | 'formats'>> & Pick<Trait, 'formats'> {
  const formats = traits.find((trait) => trait.formats)?.formats;
  return {
    person: (person) => traits.reduce((given, trait) => trait.person?.(given) ?? given, person),
    pageSize: Math.min(...traits.map(({ pageSize = 500 }) => pageSize), 500),
    pageOverlap: Math.max(...traits.map(({ pageOverlap = 0 }) => pageOverlap), 0),
    parallelCalls: Math.min(...traits.map(({ parallelCalls = Number.POSITIVE_INFINITY }) => parallelCalls)),
    ...(formats && { formats }),
    lookUp: (query) => traits.reduce((given, trait) => trait.lookUp?.(given) ?? given, query),
    admit: (question) => {
      for (const trait of traits) trait.admit?.(question);
    },
    reply: (reply, call) => traits.reduce((given, trait) => trait.reply?.(given, call) ?? given, reply),
  };
}

export type JoinedTraits = ReturnType<typeof joinTraits>;

export function toBankReply({ status, headers, json, text }: TraitReply): BankReply {
  if (text !== undefined) return { status, headers: headers ?? {}, body: text };
  if (json === undefined) return { status, headers: headers ?? {} };
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(json) };
}
