import { BankFailure, type BankFailureCode } from '../../src/banking/bank-failure.ts';
import type {
  BankAccount,
  BankConsent,
  BankPort,
  DataAccess,
  KeptCredentials,
  TransactionPage,
} from '../../src/banking/bank-port.ts';
import type { FetchedTransaction } from '../../src/domain/transaction-fields.ts';
import { joinTraits, type TraitCall, type TraitReply } from '../../src/sandbox-bank/traits/trait.ts';
import { selectTraits, type TraitName } from '../../src/sandbox-bank/traits/trait-table.ts';
import { bankAccount } from './scripted-bank.ts';
import { isNamedForGood, type ToldPayment, toFetched, toLists, toTellingReply, toTold } from './told-rows.ts';

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

/** The transactions of an account, completely. */
export interface Telling {
  consentId: string;
  /** Of the account. */
  index: number;
  from: string;
  payments: ToldPayment[];
}

export interface SeenCall {
  atMs: number;
  /** The operation and the account that it is about. */
  what: string;
  consentId: string;
  trigger: string;
  attended: boolean;
  dateFrom: string | null;
}

/** A bank with one end user, whose payments and consents change, and that remembers what it was asked and what it said. */
export class ChangingBank {
  readonly calls: SeenCall[] = [];
  readonly accounts: Payment[][];
  /** What it has told since the beginning of the latest reading. */
  told: Telling[] = [];
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
  readonly #turns = new WeakMap<DataAccess, Promise<void>>();
  #callCount = 0;
  #trigger = '';

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
    this.#callCount = 0;
  }

  readonly port = {
    getConsent: async ({ text: consentId }: KeptCredentials) => {
      const consent = this.consents.get(consentId);
      if (!consent) throw new BankFailure('CONSENT_INVALID', 'unknown');
      return this.ended.has(consentId) ? { ...consent, status: 'revoked-by-psu' as const } : consent;
    },
    listAccounts: async (access: DataAccess) => {
      await this.#answer('accounts', access);
      const shown = this.manner.hidesAccount ? this.accounts.slice(0, 1) : this.accounts;
      const accounts = shown.map((_, index) =>
        bankAccount({ resourceId: `${access.credentials.text}/${index}`, currency: currencies[index] ?? 'EUR' }),
      );
      return { accounts, faults: [], complete: true };
    },
    readBalances: async ({ resourceId }: BankAccount, access: DataAccess) => {
      await this.#answer(`balances ${resourceId}`, access);
      return { balances: [], faults: [] };
    },
    listTransactions: ({ resourceId }: BankAccount, { dateFrom }: { dateFrom: string }, access: DataAccess) =>
      this.#listTransactions(resourceId, dateFrom, access),
  } as unknown as BankPort;

  // A reading asks for several things at once: here they are answered in the order in which they were asked for.
  async #answer(what: string, access: DataAccess, dateFrom: string | null = null): Promise<void> {
    const before = this.#turns.get(access) ?? Promise.resolve();
    const turn = before.then(() => this.#answerInTurn(what, access, dateFrom));
    this.#turns.set(
      access,
      turn.catch(() => {}),
    );
    await turn;
  }

  async #answerInTurn(what: string, access: DataAccess, dateFrom: string | null): Promise<void> {
    access.signal?.throwIfAborted();
    const { psu } = access;
    const consentId = access.credentials.text;
    this.calls.push({
      atMs: this.#now().getTime(),
      what,
      consentId,
      trigger: this.#trigger,
      attended: psu !== null,
      dateFrom,
    });
    const call = this.#callCount;
    this.#callCount += 1;
    const { meanwhile } = this;
    if (meanwhile?.atCall === call) {
      this.meanwhile = null;
      const [manner, told, trigger] = [this.manner, this.told, this.#trigger];
      await meanwhile.act();
      // What was read meanwhile was another reading.
      [this.manner, this.told, this.#trigger, this.#callCount] = [manner, told, trigger, call + 1];
    }
    const { fails } = this.manner;
    if (fails?.atCall !== call) return;
    if (fails.code === 'CONSENT_EXPIRED' || fails.code === 'CONSENT_INVALID') this.ended.add(consentId);
    if (fails.code === 'ACCESS_EXCEEDED') this.refusals.push({ atMs: this.#now().getTime(), consentId });
    throw new BankFailure(fails.code, 'as the test has it');
  }

  async *#listTransactions(resourceId: string, from: string, access: DataAccess): AsyncGenerator<TransactionPage> {
    await this.#answer(`transactions ${resourceId}`, access, from);
    const index = Number(resourceId.split('/').at(-1));
    const currency = currencies[index] ?? 'EUR';
    const reply = this.tell({ index, from, consentId: access.credentials.text });
    const { booked, pending } = toLists(reply);
    const entries = [
      ...booked.map((row) => toFetched(row, 'BOOKED', currency)),
      ...pending.map((row) => toFetched(row, 'PENDING', currency)),
    ];
    const { shuffledBy, repeats, pageSize } = this.manner;
    if (repeats && isNamedForGood(this.#habit, this.traits)) entries.push(...entries.slice(0, 2));
    if (shuffledBy !== null) entries.sort((a, b) => toOrder(a, shuffledBy) - toOrder(b, shuffledBy));
    const overlap = this.traits.includes('pages-overlap') && pageSize > 1 ? 1 : 0;
    // An empty list is a page, too.
    for (let at = 0; at < Math.max(entries.length, 1); at += pageSize) {
      const transactions = entries.slice(Math.max(at - overlap, 0), at + pageSize);
      yield { transactions, faults: [], coversPending: true };
    }
    this.told.push({ consentId: access.credentials.text, index, from, payments: toTold(reply) });
  }

  /** What it says of an account's payments; `told` is for the caller to write down. */
  tell({ index, from, consentId }: { index: number; from: string; consentId: string }): TraitReply {
    const number = this.#readingCounts.get(index) ?? 0;
    this.#readingCounts.set(index, number + 1);
    const asked = { dateFrom: from, dateTo: '2999-12-31', bookingStatus: 'both' as const };
    const query = joinTraits(selectTraits(this.traits)).lookUp(asked);
    const all = this.accounts[index] ?? [];
    const found = all.filter(({ bookedOn }) => bookedOn === null || bookedOn >= query.dateFrom);
    const currency = currencies[index] ?? 'EUR';
    const call: TraitCall = {
      about: 'transactions',
      url: new URL('http://bank/v1/accounts'),
      accept: '*/*',
      now: this.#now(),
      account: { index, iban: ownIban, currency, isCard: false },
      reading: { query, number, page: 0, isLastPage: true, pageUrl: () => 'http://bank/v1/accounts' },
    };
    const payments = found.slice(0, Math.max(found.length - this.manner.leavesOut, 0));
    return toTellingReply({ habit: this.#habit, traits: this.traits, consentId, currency, payments, call });
  }
}

const ownIban = 'DE02120300000000202051';

export const plainly: Manner = {
  shuffledBy: null,
  repeats: false,
  leavesOut: 0,
  pageSize: 100,
  hidesAccount: false,
  fails: null,
};

/** One IBAN in two currencies. */
export const currencies = ['EUR', 'USD'];

function toOrder(entry: FetchedTransaction, seed: number): number {
  const text = `${entry.remittanceInformation} ${entry.amount.amount} ${entry.bookingDate}`;
  return [...text].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0) * seed) % 1_000_003, seed);
}
