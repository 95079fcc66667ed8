import type { Secret } from './secret.ts';

/** A bank as the operator lists it in BANKS_FILE. */
export interface BankEntry extends BankHabits {
  /** `bank_…`, chosen by the operator and kept: logins refer to it. */
  id: string;
  name: string;
  bic: string | null;
  /** The national bank code (Bankleitzahl, sort code), for the search. */
  bankCode: string | null;
  /** ISO 3166-1 alpha-2. */
  country: string;
  /** Where the bank's interface answers; for Berlin Group `/v1/consents` is appended. */
  baseUrl: string;
  /** What we ask the bank for; the bank has the last word. */
  preferredApproach: ScaApproach;
  /** Days since the last SCA after which the bank will demand it again (RTS Art. 10a(2)(b): 180 in the EEA). */
  scaValidityDays: number;
  /** Our IPv4 address as the bank sees it, sent for an end user who has none; null: the end user's IPv6 address is sent. */
  ownIpAddress: string | null;
  /** PEM: mutual TLS with the QWAC; null when the bank does not ask for it. */
  clientCertificate: { certificate: string; privateKey: string; passphrase: string | null } | null;
  /** PEM: request signing with the QSealC (`Digest`, `Signature`, `TPP-Signature-Certificate`); null when not asked for. */
  signingCertificate: { certificate: string; privateKey: string; passphrase: string | null; keyId: string } | null;
  /** PEM of a certificate authority to trust besides the usual ones. */
  certificateAuthority: string | null;
}

/** In what the bank departs from others of its protocol. */
export interface BankHabits {
  /** The adapter: a name in the table of `banking/bank-directory.ts`. */
  protocol: string;
  /** Our registration at the bank's authorisation server; null where the bank wants no OAuth. */
  oauth: BankOAuth | null;
  /** `auto`: tries them in this order, and remembers what the bank takes. */
  consentModel: 'auto' | ConsentModel;
  /** The end user is asked for the user name at the bank before anything is asked of the bank. */
  asksPsuId: boolean;
  /** The header `PSU-ID-Type`. */
  psuIdType: string | null;
  /** The header `PSU-Corporate-ID-Type`; with it the end user is asked for the corporate id, too. */
  psuCorporateIdType: string | null;
  /** Further headers of every call to the interface, by their names in lower case: an API key, for one. */
  headers: Readonly<Record<string, Secret>>;
  /** What is signed, of the headers that are there, in this order; null: what the protocol names. */
  signedHeaders: readonly string[] | null;
  /** In which formats transactions are asked for, in order. */
  formats: readonly StatementFormat[];
  /** `reversed`: amounts of card accounts have the opposite sign. */
  amountSign: 'as-sent' | 'reversed';
  /** How many days back the bank gives transactions; null: what the law and the SCA allow. */
  historyDays: number | null;
  /** Calls in flight for one login. */
  parallelCalls: number;
  /** PEM (public key or certificate) or JWK: what passwords are encrypted with; null where the bank takes them as they are. */
  passwordKey: string | null;
}

export interface BankOAuth {
  clientId: string;
  /** Null where mutual TLS, or nothing but the client's id, says who asks. */
  clientSecret: Secret | null;
  /** What is asked for; `{consentId}` in it is replaced. Null: `AIS:{consentId}`. */
  scope: string | null;
  /** RFC 8414; null: the bank's link leads there, or the endpoints are given. */
  metadataUrl: string | null;
  authorizationEndpoint: string | null;
  tokenEndpoint: string | null;
  /** `sca`: instead of the SCA of a consent; `before-consent`: before one is asked for; `instead`: there is no consent, only a token. */
  when: 'sca' | 'before-consent' | 'instead';
}

export const scaApproaches = ['redirect', 'decoupled', 'embedded'] as const;
export type ScaApproach = (typeof scaApproaches)[number];

/** All accounts; those that the end user names at the bank; those whose IBANs the end user names to us. */
export const consentModels = ['global', 'bank-offered', 'by-iban'] as const;
export type ConsentModel = (typeof consentModels)[number];

export const statementFormats = ['json', 'camt', 'mt940'] as const;
export type StatementFormat = (typeof statementFormats)[number];

/** A bank without habits: what an entry has where the operator says nothing. */
export const plainHabits: BankHabits = {
  protocol: 'berlin-group',
  oauth: null,
  consentModel: 'auto',
  asksPsuId: false,
  psuIdType: null,
  psuCorporateIdType: null,
  headers: {},
  signedHeaders: null,
  formats: statementFormats,
  amountSign: 'as-sent',
  historyDays: null,
  parallelCalls: 4,
  passwordKey: null,
};
