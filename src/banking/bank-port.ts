import type { AccountValues } from '../domain/account-fields.ts';
import type { BalanceValues } from '../domain/balance-fields.ts';
import type { ReadingFault } from '../domain/reading-fault.ts';
import type { FetchedTransaction } from '../domain/transaction-fields.ts';

/**
 * One bank, whatever protocol it speaks. Every call throws BankFailure (bank-failure.ts) when the bank cannot or will not
 * answer; a reply that does not parse is a BankFailure too, never a guess.
 */
export interface BankPort {
  /** Asks for a consent to all accounts, balances and transactions, and starts the end user's SCA. */
  createConsent(request: ConsentRequest): Promise<StartedConsent>;
  /** The bank's own word on the consent: the only one that counts. */
  getConsent(consentId: string, options?: CallOptions): Promise<BankConsent>;
  /** Ends the consent at the bank. A consent that the bank no longer knows counts as ended. */
  endConsent(consentId: string, options?: CallOptions): Promise<void>;

  /**
   * Embedded and decoupled SCA: the next step with what the end user has entered. Wrong credentials that can still be
   * corrected are a BankFailure CREDENTIALS_INVALID; when the bank has ended the authorisation over them, the next step
   * is `failed`.
   */
  continueAuthorisation(step: AuthorisationStep): Promise<Authorisation>;
  /** Where the SCA stands; asked again and again while the end user approves in the bank's app. */
  getAuthorisation(consentId: string, authorisationId: string, options?: CallOptions): Promise<Authorisation>;

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
  /** Where the bank sends the end user after the SCA, for better or worse. */
  redirectUrl: string;
  nokRedirectUrl: string;
  recurring: boolean;
  /** Inclusive, YYYY-MM-DD; the bank may shorten it. */
  validUntil: string;
  frequencyPerDay: number;
  /** Known beforehand only where the end user gave it on our page (embedded, decoupled). */
  psuId?: string;
}

export interface StartedConsent {
  consentId: string;
  status: BankConsentStatus;
  next: { approach: 'redirect'; url: string } | { approach: 'decoupled' | 'embedded'; authorisation: Authorisation };
}

/** The Berlin Group's consentStatus in our words; `unknown` for a code that the bank has added. */
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
  /** YYYY-MM-DD, as the bank has set it. */
  validUntil: string;
  frequencyPerDay: number;
}

/** An SCA in progress: what is wanted of the end user next. */
export interface Authorisation {
  /** Null while the bank still wants the PSU id, or the id with the password, before it starts one. */
  authorisationId: string | null;
  next:
    | { step: 'identify' }
    | { step: 'authenticate' }
    | { step: 'choose-method'; methods: ScaMethod[] }
    | { step: 'enter-otp'; challenge: Challenge }
    | { step: 'approve-in-app' }
    | { step: 'done' }
    | { step: 'failed' };
  /** The bank's words to the end user. */
  message: string | null;
}

export interface ScaMethod {
  id: string;
  name: string;
  /** SMS_OTP, CHIP_OTP, PHOTO_OTP, PUSH_OTP, SMTP_OTP or the bank's own. */
  type: string;
}

export interface Challenge {
  text: string | null;
  /** A PNG in base64, for the end user's app or reader to look at. */
  image: string | null;
  otpFormat: 'characters' | 'integer' | null;
  otpMaxLength: number | null;
}

export interface AuthorisationStep extends CallOptions {
  consentId: string;
  authorisationId: string | null;
  psu: PsuContext;
  psuId: string;
  input:
    | { step: 'identify' }
    | { step: 'authenticate'; password: string }
    | { step: 'choose-method'; methodId: string }
    | { step: 'enter-otp'; otp: string };
}

/** How bank data is read: under which consent, and whether the end user is there. */
export interface DataAccess extends CallOptions {
  consentId: string;
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
