import { oneOf, optional, required, type ValuesOf } from './field-table.ts';

/** The release that brought what is not older. */
const since = '0.2.0';

/**
 * What a bank says of a transaction: the one place that names its fields. Columns, record sets, reading, comparing, event data, JSON
 * Schemas and GraphQL follow from it: a new field is a line here, a column in the Prisma schema and a migration.
 */
export const transactionFields = {
  status: oneOf('TransactionStatus', ['BOOKED', 'PENDING'], 'Whether it is final.'),
  amount: required('money', 'How much; negative for money going out.'),
  bookingDate: optional('date', 'The day on which it was booked; null while it is pending.'),
  valueDate: optional('date', 'The day from which it counts for interest.'),
  transactionDate: optional(
    'date',
    'When the card was used or the order given, where the bank tells it apart from the booking.',
    { since },
  ),
  bookedAt: optional('time', 'When it was booked, with time of day, where the bank gives it.', { since }),
  counterpartyName: optional('text', 'Who paid, or was paid.'),
  counterpartyIban: optional('text', "The counterparty's IBAN."),
  counterpartyAccount: optional(
    'identification',
    'The counterparty by whatever names its account: IBAN, BBAN, masked PAN, other.',
    { since },
  ),
  counterpartyBic: optional('text', "The BIC of the counterparty's bank.", { since }),
  ultimateCounterpartyName: optional('text', 'On whose behalf the counterparty acts.', { since }),
  remittanceInformation: optional('text', 'What the payer wrote.'),
  structuredReference: optional('text', 'The structured creditor reference (RF…, ISO 11649).', { since }),
  additionalInformation: optional('text', "The bank's own lines, which a statement may show as text besides.", {
    since,
  }),
  endToEndId: optional('text', "The payer's own reference."),
  mandateId: optional('text', 'The mandate of a direct debit.', { since }),
  creditorId: optional('text', 'The creditor identifier of a direct debit.', { since }),
  bankTransactionCode: optional('text', 'The kind of transaction (ISO 20022: PMNT-RCDT-ESCT).'),
  proprietaryBankTransactionCode: optional('text', "The kind of transaction in the bank's own words or codes.", {
    since,
  }),
  purposeCode: optional('text', 'ISO 20022 external purpose code.', { since }),
  merchantCategoryCode: optional('text', "What the merchant's trade is (ISO 18245).", { since }),
  balanceAfter: optional('money', 'What the account held after it.', { since }),
  originalAmount: optional('money', 'The amount in the currency of the purchase.', { since }),
  exchangeRate: optional('decimal', 'The rate between the original amount and the amount.', { since }),
  bankTransactionId: optional(
    'text',
    "The bank's own id, as it gave it: not unique, not stable at every bank. Use `id`.",
    { since },
  ),
  entryReference: optional('text', "The bank's reference of the entry, as it gave it: not unique, not stable.", {
    since,
  }),
  // Not compared: what has no name may be a counter or a link that is another one with every reply.
  otherFields: optional('json', 'What the bank said and no field has.', { compared: false, since }),
} as const;

/** What we say of it ourselves. */
export const transactionRecordFields = {
  firstSeenAt: required('time', 'End of the synchronization that brought it first.', { since, column: 'created_at' }),
  updatedAt: required('time', 'End of the synchronization that changed it last.', { since }),
} as const;

/** All that is kept of a transaction and shown of it, beside its ids. */
export const transactionTable = { ...transactionFields, ...transactionRecordFields } as const;
export type TransactionField = keyof typeof transactionTable;

export type TransactionRecordValues = ValuesOf<typeof transactionRecordFields>;
export type TransactionValues = ValuesOf<typeof transactionFields>;

/** As read from a bank, before it has been recognised. */
export type FetchedTransaction = TransactionValues;
