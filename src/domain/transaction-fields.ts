import { oneOf, optional, required, type ValuesOf } from './field-table.ts';

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
  ),
  bookedAt: optional('time', 'When it was booked, with time of day, where the bank gives it.'),
  counterpartyName: optional('text', 'Who paid, or was paid.'),
  counterpartyIban: optional('text', "The counterparty's IBAN."),
  counterpartyAccount: optional(
    'identification',
    'The counterparty by whatever names its account: IBAN, BBAN, masked PAN, other.',
  ),
  counterpartyBic: optional('text', "The BIC of the counterparty's bank."),
  ultimateCounterpartyName: optional('text', 'On whose behalf the counterparty acts.'),
  remittanceInformation: optional('text', 'What the payer wrote.'),
  structuredReference: optional('text', 'The structured creditor reference (RF…, ISO 11649).'),
  additionalInformation: optional('text', "The bank's own lines, which a statement may show as text besides."),
  endToEndId: optional('text', "The payer's own reference."),
  mandateId: optional('text', 'The mandate of a direct debit.'),
  creditorId: optional('text', 'The creditor identifier of a direct debit.'),
  bankTransactionCode: optional('text', 'The kind of transaction (ISO 20022: PMNT-RCDT-ESCT).'),
  proprietaryBankTransactionCode: optional('text', "The kind of transaction in the bank's own words or codes."),
  purposeCode: optional('text', 'ISO 20022 external purpose code.'),
  merchantCategoryCode: optional('text', "What the merchant's trade is (ISO 18245)."),
  balanceAfter: optional('money', 'What the account held after it.'),
  originalAmount: optional('money', 'The amount in the currency of the purchase.'),
  exchangeRate: optional('decimal', 'The rate between the original amount and the amount.'),
  bankTransactionId: optional(
    'text',
    "The bank's own id, as it gave it: not unique, not stable at every bank. Use `id`.",
  ),
  entryReference: optional('text', "The bank's reference of the entry, as it gave it: not unique, not stable."),
  // Not compared: what has no name may be a counter or a link that is another one with every reply.
  otherFields: optional('json', 'What the bank said and no field has.', { compared: false }),
} as const;

export type TransactionValues = ValuesOf<typeof transactionFields>;

/** As read from a bank, before it has been recognised. */
export type FetchedTransaction = TransactionValues;
