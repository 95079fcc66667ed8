import { z } from 'zod';

/*
 * What we use of the bank's replies, by the Berlin Group's OpenAPI file 1.3.11. Fields that we do not use are let
 * through unread; open code lists are plain strings; null and '' count as absent.
 */

/** Text that any store takes: PostgreSQL has no NUL, and no half of a surrogate pair in JSON. */
const text = z
  .string()
  .nullish()
  .transform(
    (value) =>
      value
        ?.replaceAll('\0', '')
        .replace(/\p{Surrogate}/gu, '\ufffd')
        .trim() || null,
  );

/** Goes into paths and headers. A dot segment would change the path. */
const identifier = z
  .string()
  .regex(/^[\x21-\x7e]{1,500}$/)
  .refine((id) => id !== '.' && id !== '..');

const date = z.iso.date();
const optionalDate = z
  .preprocess((value) => (value === '' ? null : value), date.nullish())
  .transform((value) => value ?? null);

/** The protocol allows 14 digits and 3 decimals; zeros beyond are harmless. */
const amount = z.object({
  amount: z.string().regex(/^-?\d{1,17}(\.\d{1,3}0*)?$/),
  currency: z.string().regex(/^[A-Z]{3}$/),
});

/** `{ next: { href } }`, or `{ next: href }` as some banks have it. */
const links = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => {
    const hrefs: Record<string, string> = {};
    for (const [name, link] of Object.entries(value ?? {})) {
      const href = typeof link === 'string' ? link : (link as { href?: unknown } | null)?.href;
      if (typeof href === 'string' && href !== '') hrefs[name] = href;
    }
    return hrefs;
  });

const balance = z.object({ balanceAmount: amount, balanceType: z.string().min(1), referenceDate: optionalDate });
export type BalanceReply = z.output<typeof balance>;

const account = z.object({
  resourceId: identifier,
  iban: text,
  bban: text,
  msisdn: text,
  maskedPan: text,
  currency: amount.shape.currency,
  name: text,
  displayName: text,
  ownerName: text,
  product: text,
  status: text,
  balances: z.array(balance).nullish(),
});
export type AccountReply = z.output<typeof account>;

export const accountsReply = z.object({ accounts: z.array(account) });
export const balancesReply = z.object({ balances: z.array(balance) });

const accountReference = z
  .object({ iban: text })
  .nullish()
  .transform((value) => value?.iban ?? null);

/** A plain string since 1.3.11; `{ reference }` before. */
const structuredRemittance = z
  .union([z.string(), z.object({ reference: z.string() }).transform((value) => value.reference)])
  .nullish()
  .catch(null)
  .pipe(text);

const transaction = z.object({
  transactionAmount: amount,
  transactionId: text,
  entryReference: text,
  endToEndId: text,
  bookingDate: optionalDate,
  valueDate: optionalDate,
  creditorName: text,
  ultimateCreditor: text,
  creditorAccount: accountReference,
  debtorName: text,
  ultimateDebtor: text,
  debtorAccount: accountReference,
  remittanceInformationUnstructured: text,
  remittanceInformationUnstructuredArray: z.array(text).nullish(),
  remittanceInformationStructured: structuredRemittance,
  remittanceInformationStructuredArray: z.array(structuredRemittance).nullish(),
  bankTransactionCode: text,
  proprietaryBankTransactionCode: text,
});
export type TransactionReply = z.output<typeof transaction>;

export const transactionsReply = z.object({
  transactions: z
    .object({ booked: z.array(transaction).nullish(), pending: z.array(transaction).nullish(), _links: links })
    .nullish(),
  _links: links,
});
export type TransactionsReply = z.output<typeof transactionsReply>;
