import type { AccountValues } from '../domain/account-fields.ts';
import type { BalanceValues } from '../domain/balance-fields.ts';
import type { StatementFormat } from '../domain/bank-entry.ts';
import type { ReadingFault } from '../domain/reading-fault.ts';
import type { FetchedTransaction } from '../domain/transaction-fields.ts';

/**
 * One bank, whatever protocol it speaks. Every call throws BankFailure (bank-failure.ts) when the bank cannot or will not
 * answer; a reply that does not parse is a BankFailure too, never a guess.
 *
 * A consent is begun, goes on with what the end user enters or brings back, is read under, and ends. What an adapter has to
 * remember of it are its credentials.
 */
export interface BankPort {
  /** Asks the bank for a consent as far as that goes without the end user. What it gives is to be stored before the next call. */
  begin(request: ConsentRequest): Promise<BegunAtBank>;
  /**
   * Goes on with what the end user has entered. Wrong credentials that can still be corrected are a BankFailure
   * CREDENTIALS_INVALID; when the bank has ended the authorisation over them, the next step is `failed`.
   */
  continue(credentials: KeptCredentials, entered: EnteredStep): Promise<Progress>;
  /** The end user has come back from the bank's page. Nothing in the address is believed; codes in it are handed to the bank. */
  callback(credentials: KeptCredentials, returned: BankCallback): Promise<Progress>;
  /** Where it stands; asked again and again while the end user approves in the bank's app. */
  getProgress(credentials: KeptCredentials, options?: CallOptions): Promise<Progress>;
  /** The bank's own word on the consent: the only one that counts. */
  getConsent(credentials: KeptCredentials, options?: CallOptions): Promise<BankConsent>;
  /** Ends the consent at the bank, and every token with it. A consent that the bank no longer knows counts as ended. */
  end(credentials: KeptCredentials, options?: CallOptions): Promise<void>;

  /** Rejects when the list cannot be had at all; accounts that cannot be read are left out and told in `faults`. */
  listAccounts(access: DataAccess, options?: ListAccountsOptions): Promise<AccountList>;
  /** A bank that has none to give, or refuses them for this account alone, gives an empty list. */
  readBalances(account: BankAccount, access: DataAccess): Promise<BalanceReading>;
  /**
   * Page by page, in the bank's order; ends after the last page. A page is asked for only when it is wanted. Rows that cannot be read are
   * left out and told in the page's `faults`; a page that is refused rejects, and what came before it holds.
   *
   * Calls with the same `signal` may be made all at once: the adapter sees to it that the bank has no more of them in flight than it takes.
   */
  listTransactions(account: BankAccount, query: TransactionQuery, access: DataAccess): AsyncIterable<TransactionPage>;
}

/**
 * What an adapter remembers of one consent: a text of its own, with a version in it, that nobody else reads. It is stored encrypted
 * and may change with any call. Where the adapter has never written one, it is the bank's consent id, followed, while an authorisation
 * was under way, by a blank and that one's id, and by another and the user name at the bank, percent-encoded, where it was known: rows
 * from before there were credentials.
 */
export interface KeptCredentials {
  /** As they were when they were last read or stored here. */
  readonly text: string;
  /**
   * Runs `work` while nobody else changes them, in any process. It gets them as they are stored now; when `store` resolves, the new
   * text is stored, and not before may it be used. Throws BankFailure BANK_UNAVAILABLE when another process keeps the lease, and
   * CONSENT_INVALID when the consent has been dropped meanwhile.
   */
  change<T>(work: (present: string, store: (text: string) => Promise<void>) => Promise<T>): Promise<T>;
}

export interface CallOptions {
  signal?: AbortSignal;
}

/** The end user's present request, as far as we know it; it goes out only when the end user really asked (invariant 9). */
export interface PsuContext {
  ipAddress: string;
  userAgent?: string;
}

export interface ConsentRequest extends CallOptions {
  psu: PsuContext;
  /** Where the bank sends the end user after the SCA, for better or worse: `callbackUrl` with the state in it. */
  redirectUrl: string;
  nokRedirectUrl: string;
  /** Without a query: what is registered at a bank's authorisation server. */
  callbackUrl: string;
  /** The one in `redirectUrl`. */
  state: string;
  recurring: boolean;
  /** Inclusive, YYYY-MM-DD; the bank may shorten it. */
  validUntil: string;
  frequencyPerDay: number;
  /** Of the accounts that are known from an earlier consent of the login, for banks that want them named. */
  ibans: readonly string[];
}

export interface BegunAtBank {
  credentials: string;
  progress: Progress;
}

/** What is wanted of the end user next, and the bank's words to go with it. */
export interface Progress {
  next: NextStep;
  message: string | null;
}

export type NextStep =
  /**
   * The end user's browser goes there, and comes back to the callback with this `state`: that of the request, or one that the
   * adapter has drawn by itself. No two ways back of a consent have the same one, and nobody can guess it.
   */
  | { step: 'go-to-bank'; url: string; state: string }
  /** The user name at the bank is wanted, and the corporate id where `asksCorporateId`. */
  | { step: 'identify'; asksCorporateId?: boolean }
  /** The bank wants the IBANs of the accounts. */
  | { step: 'name-accounts' }
  | { step: 'authenticate'; asksCorporateId?: boolean }
  | { step: 'choose-method'; methods: ScaMethod[] }
  | { step: 'enter-otp'; challenge: Challenge }
  /** After the bank's page: a code that the bank has shown there, and that did not come back with the browser. */
  | { step: 'enter-confirmation-code' }
  | { step: 'approve-in-app' }
  /** Nothing more is wanted of the end user: the consent itself says what has become of it. */
  | { step: 'done' }
  | { step: 'failed' };

export interface EnteredStep extends CallOptions {
  psu: PsuContext;
  input:
    | { step: 'identify'; psuId: string; corporateId: string | null }
    | { step: 'name-accounts'; ibans: readonly string[] }
    | { step: 'authenticate'; psuId: string; corporateId: string | null; password: string }
    | { step: 'choose-method'; methodId: string }
    | { step: 'enter-otp'; otp: string }
    | { step: 'enter-confirmation-code'; code: string };
}

export interface BankCallback extends CallOptions {
  psu: PsuContext;
  /** All of the address's query. */
  parameters: URLSearchParams;
}

/** The consent's status in our words; `unknown` for one that the bank has added. */
export type BankConsentStatus =
  | 'received'
  | 'partially-authorised'
  | 'valid'
  | 'rejected'
  | 'expired'
  | 'revoked-by-psu'
  | 'terminated'
  | 'unknown';

export interface BankConsent {
  status: BankConsentStatus;
  recurring: boolean;
  /** YYYY-MM-DD, as the bank has set it; as we asked for it where the bank does not say. */
  validUntil: string;
  frequencyPerDay: number;
}

export interface ScaMethod {
  id: string;
  name: string;
  /** SMS_OTP, CHIP_OTP, PHOTO_OTP, PUSH_OTP, SMTP_OTP or the bank's own. */
  type: string;
}

export interface Challenge {
  text: string | null;
  /** A data URL of a PNG, JPEG or GIF, for the end user's app or reader to look at. */
  image: string | null;
  otpFormat: 'characters' | 'integer' | null;
  otpMaxLength: number | null;
}

/** How bank data is read: under which consent, and whether the end user is there. */
export interface DataAccess extends CallOptions {
  credentials: KeptCredentials;
  /** Null: nobody is there (a cycle); then no `PSU-IP-Address` is sent and the access counts as unattended. */
  psu: PsuContext | null;
}

export interface ListAccountsOptions {
  /** Called before the bank is asked for its card accounts, which is an access of its own. What it rejects with, the list rejects with. */
  beforeCardAccounts?(): Promise<void>;
}

export interface AccountList {
  /** In the bank's order. */
  accounts: BankAccount[];
  /** What could not be read, one per account that was left out. */
  faults: ReadingFault[];
  /** False: a further page of the list could not be had. Accounts that are not in it say nothing then. */
  complete: boolean;
}

export interface BankAccount extends AccountValues {
  /** Stable for the life of one consent only. */
  resourceId: string;
  /** What names the account where it has neither IBAN, BBAN nor masked PAN: a phone number, a proprietary number. */
  otherIdentification: string | null;
  /** `BLOCKED`: the bank lists it, and lets nothing be done with it. */
  state: 'AVAILABLE' | 'BLOCKED';
  /** Some banks give them with the account; null where they do not. */
  balances: BalanceValues[] | null;
}

export interface BalanceReading {
  balances: BalanceValues[];
  faults: ReadingFault[];
}

export interface TransactionPage {
  transactions: FetchedTransaction[];
  /** One per row that was left out. */
  faults: ReadingFault[];
  /** Whether pending transactions would be in it: a reply of booked ones says nothing of those. */
  coversPending: boolean;
  /** How many rows were left out. @default as many as there are faults */
  skippedRows?: number;
  /** What the bank has written it in, by its content. */
  format?: StatementFormat;
  /** The first day that was asked for, where it is later than that of the query: the bank gives no more. */
  from?: string;
  /** False: the page breaks off in the middle. @default true */
  complete?: boolean;
}

export interface TransactionQuery {
  /** Inclusive, YYYY-MM-DD. */
  dateFrom: string;
  dateTo?: string;
}
