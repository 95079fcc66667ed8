import { optional, required, type ValuesOf } from './field-table.ts';

/**
 * What a bank says of a balance: the one place that names its fields; see transaction-fields.ts. What is compared makes a new row of the
 * balance's history; a new reference date with the same amount does not.
 */
export const balanceFields = {
  type: required('text', "The Berlin Group's balance type: closingBooked, expected, interimAvailable …"),
  amount: required('money', 'How much.'),
  creditLimitIncluded: optional('boolean', 'Whether a credit line is counted in; null when the bank does not say.'),
  referenceDate: optional('date', 'The day that the balance is of; null when the bank does not say.', {
    compared: false,
  }),
  lastChangedAt: optional('time', 'When the bank last changed it; null when the bank does not say.', {
    compared: false,
  }),
} as const;

export type BalanceValues = ValuesOf<typeof balanceFields>;
