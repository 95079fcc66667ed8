import { BankFailure, type BankFailureCode } from '../../src/banking/bank-failure.ts';
import type {
  BankAccount,
  BankConsent,
  BankPort,
  DataAccess,
  KeptCredentials,
  TransactionPage,
} from '../../src/banking/bank-port.ts';
import { joinTraits, type TraitCall } from '../../src/sandbox-bank/traits/trait.ts';
import { selectTraits, type TraitName } from '../../src/sandbox-bank/traits/trait-table.ts';
import { bankAccount } from './scripted-bank.ts';
import {
  isNamedForGood,
  type ToldPayment,
  type ToldRow,
  toFetched,
  toTellingReply,
  toTold,
  toToldRows,
} from './told-rows.ts';

/** What the bank tells of its transactions' ids. */
export type IdHabit = 'always' | 'a reference first' | 'when booked' | 'never';

/** A payment as the bank knows it. `n` is the truth that no reply tells. */
export interface Payment {
  n: number;
  amount: string;
  name: string;
  /** Names the payment, or is the same for all coffees. */
  text: string;
  /** Null while it is pending. */
  bookedOn: string | null;
}

/** How a reply departs from the plain list. */
export interface Manner {
  /** Sorts by a hash of this; null: as booked. */
  shuffledBy: number | null;
  /** Says some entries twice; done only where each has an id that tells. */
  repeats: boolean;
  /** Leaves out so many of the newest. */
  leavesOut: number;
  pageSize: number;
  /** Lists only its first account. */
  hidesAccount: boolean;
  /** Fails at this call of the reading, counted from 0. */
  fails: { atCall: number; code: BankFailureCode } | null;
}

/** The transactions of an account, as one reading was told of them. */
export interface Telling {
  consentId: string;
  /** Of the account. */
  index: number;
  from: string;
  payments: ToldPayment[];
  /** False where something of it was refused, or could not be read. */
  complete: boolean;
  coversPending: boolean;
}

/** What it has to say to one question for transactions. */
export interface Answer {
  index: number;
  from: string;
  /** How often the account's transactions were asked for before. */
  number: number;
  pages: ToldRow[][];
}

export interface Question {
  /** The operation and the account that it is about. */
  what: string;
  consentId: string;
  attended: boolean;
  dateFrom: string | null;
}

export interface SeenCall extends Question {
  atMs: number;
  trigger: string;
}

/** A bank with one end user, whose payments and consents change, and that remembers what it was asked and what it said. */
export class ChangingBank {
  readonly calls: SeenCall[] = [];
  readonly accounts: Payment[][];
  /** What it has told since the beginning of the latest reading. */
  told: Telling[] = [];
  /** Of the latest reading. */
  readingNumber = 0;
  /** The consents that it has called ended. */
  readonly ended = new Set<string>();
  /** When it said that it is asked too often, by consent. */
  readonly refusals: { atMs: number; consentId: string }[] = [];
  manner: Manner = plainly;
  /** Done within the next reading, once, before the call of this number. */
  meanwhile: { atCall: number; act: () => Promise<unknown> } | null = null;
  readonly consents = new Map<string, BankConsent>();
  readonly #habit: IdHabit;
  readonly #now: () => Date;
  readonly #turns = new Map<unknown, Promise<void>>();
  #callCount = 0;
  #trigger = '';
  #acting: Promise<unknown> | null = null;

  readonly traits: readonly TraitName[];
  readonly #readingCounts = new Map<number, number>();

  constructor(given: { accountCount: number; habit: IdHabit; traits: readonly TraitName[]; now: () => Date }) {
    this.traits = given.traits;
    this.accounts = Array.from({ length: given.accountCount }, () => []);
    this.#habit = given.habit;
    this.#now = given.now;
  }

  get habit(): IdHabit {
    return this.#habit;
  }

  beginReading(manner: Manner, trigger: string): void {
    this.manner = manner;
    this.#trigger = trigger;
    this.told = [];
    this.readingNumber += 1;
    this.#callCount = 0;
  }

  /** Nothing is done meanwhile any more: who asked may have given up before what is done by now has ended. */
  async endReading(): Promise<void> {
    this.meanwhile = null;
    await this.#acting;
    this.#acting = null;
  }

  /** Without a protocol: the adapter's part is done. */
  readonly port = {
    getConsent: async ({ text: consentId }: KeptCredentials) => this.getConsent(consentId),
    listAccounts: async (access: DataAccess) => {
      await this.#takeTurn('accounts', access);
      const accounts = this.shownAccounts().map((index) =>
        bankAccount({ resourceId: `${access.credentials.text}/${index}`, currency: toCurrency(index) }),
      );
      return { accounts, faults: [], complete: true };
    },
    readBalances: async ({ resourceId }: BankAccount, access: DataAccess) => {
      await this.#takeTurn(`balances ${resourceId}`, access);
      return { balances: [], faults: [] };
    },
    listTransactions: ({ resourceId }: BankAccount, { dateFrom }: { dateFrom: string }, access: DataAccess) =>
      this.#listTransactions(resourceId, dateFrom, access),
  } as unknown as BankPort;

  async *#listTransactions(resourceId: string, from: string, access: DataAccess): AsyncGenerator<TransactionPage> {
    await this.#takeTurn(`transactions ${resourceId}`, access, from);
    const consentId = access.credentials.text;
    const index = Number(resourceId.split('/').at(-1));
    const { pages } = this.tell({ index, from, consentId });
    for (const rows of pages) {
      const transactions = rows.map((row) => toFetched(row, toCurrency(index)));
      yield { transactions, faults: [], coversPending: true };
    }
    this.told.push({ consentId, index, from, payments: toTold(pages.flat()), complete: true, coversPending: true });
  }

  async #takeTurn(what: string, access: DataAccess, dateFrom: string | null = null): Promise<void> {
    const question = { what, consentId: access.credentials.text, attended: access.psu !== null, dateFrom };
    await this.takeTurn(access, question, access.signal);
  }

  getConsent(consentId: string): BankConsent {
    const consent = this.consents.get(consentId);
    if (!consent) throw new BankFailure('CONSENT_INVALID', 'unknown');
    return this.ended.has(consentId) ? { ...consent, status: 'revoked-by-psu' as const } : consent;
  }

  /** By their numbers. */
  shownAccounts(): number[] {
    const all = [...this.accounts.keys()];
    return this.manner.hidesAccount ? all.slice(0, 1) : all;
  }

  /**
   * Notes the question, and throws what the bank refuses it with. A reading asks for several things at once: those with one `asker` are
   * answered in the order in which they were asked for.
   */
  async takeTurn(asker: unknown, question: Question, signal?: AbortSignal): Promise<void> {
    const before = this.#turns.get(asker) ?? Promise.resolve();
    const turn = before.then(() => this.#answer(question, signal));
    this.#turns.set(
      asker,
      turn.catch(() => {}),
    );
    await turn;
  }

  async #answer(question: Question, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const { consentId } = question;
    this.calls.push({ ...question, atMs: this.#now().getTime(), trigger: this.#trigger });
    const call = this.#callCount;
    this.#callCount += 1;
    const { meanwhile } = this;
    if (meanwhile?.atCall === call) {
      this.meanwhile = null;
      const { manner, told, readingNumber } = this;
      const trigger = this.#trigger;
      this.#acting = meanwhile.act();
      await this.#acting;
      // What was read meanwhile was another reading.
      Object.assign(this, { manner, told, readingNumber });
      [this.#trigger, this.#callCount] = [trigger, call + 1];
    }
    const { fails } = this.manner;
    if (fails?.atCall !== call) return;
    if (fails.code === 'CONSENT_EXPIRED' || fails.code === 'CONSENT_INVALID') this.ended.add(consentId);
    if (fails.code === 'ACCESS_EXCEEDED') this.refusals.push({ atMs: this.#now().getTime(), consentId });
    throw new BankFailure(fails.code, 'as the test has it');
  }

  /** What it says of an account's payments; `told` is for the caller to write down, once it has said it. */
  tell({ index, from, consentId }: { index: number; from: string; consentId: string }): Answer {
    const number = this.#readingCounts.get(index) ?? 0;
    this.#readingCounts.set(index, number + 1);
    const asked = { dateFrom: from, dateTo: '2999-12-31', bookingStatus: 'both' as const };
    const query = joinTraits(selectTraits(this.traits)).lookUp(asked);
    const all = this.accounts[index] ?? [];
    const found = all.filter(({ bookedOn }) => bookedOn === null || bookedOn >= query.dateFrom);
    const currency = toCurrency(index);
    const call: TraitCall = {
      about: 'transactions',
      url: new URL('http://bank/v1/accounts'),
      accept: '*/*',
      now: this.#now(),
      account: { index, iban: ownIban, currency, isCard: false },
      reading: { query, number, page: 0, isLastPage: true, pageUrl: () => 'http://bank/v1/accounts' },
    };
    const payments = found.slice(0, Math.max(found.length - this.manner.leavesOut, 0));
    const given = { habit: this.#habit, traits: this.traits, consentId, currency, payments, call };
    return { index, from, number, pages: this.#toPages(toToldRows(toTellingReply(given))) };
  }

  #toPages(told: readonly ToldRow[]): ToldRow[][] {
    const rows = [...told];
    const { shuffledBy, repeats, pageSize } = this.manner;
    if (repeats && isNamedForGood(this.#habit, this.traits)) rows.push(...rows.slice(0, 2));
    if (shuffledBy !== null) rows.sort((a, b) => toOrder(a, shuffledBy) - toOrder(b, shuffledBy));
    const overlap = this.traits.includes('pages-overlap') && pageSize > 1 ? 1 : 0;
    const pages: ToldRow[][] = [];
    // An empty list is a page, too.
    for (let at = 0; at < Math.max(rows.length, 1); at += pageSize) {
      pages.push(rows.slice(Math.max(at - overlap, 0), at + pageSize));
    }
    return pages;
  }
}

export const ownIban = 'DE02120300000000202051';

export const plainly: Manner = {
  shuffledBy: null,
  repeats: false,
  leavesOut: 0,
  pageSize: 100,
  hidesAccount: false,
  fails: null,
};

/** One IBAN in two currencies. */
const currencies = ['EUR', 'USD'];

export function toCurrency(index: number): string {
  return currencies[index] ?? 'EUR';
}

function toOrder(row: ToldRow, seed: number): number {
  const text = `${row.remittanceInformationUnstructured} ${row.transactionAmount.amount} ${row.bookingDate ?? null}`;
  return [...text].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0) * seed) % 1_000_003, seed);
}
