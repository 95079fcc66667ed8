/** A bank as the operator lists it in BANKS_FILE. */
export interface BankEntry {
  /** `bank_…`, chosen by the operator and kept: logins refer to it. */
  id: string;
  name: string;
  bic: string | null;
  /** The national bank code (Bankleitzahl, sort code), for the search. */
  bankCode: string | null;
  /** ISO 3166-1 alpha-2. */
  country: string;
  /** Where the bank's XS2A interface answers; `/v1/consents` is appended. */
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

export const scaApproaches = ['redirect', 'decoupled', 'embedded'] as const;
export type ScaApproach = (typeof scaApproaches)[number];
