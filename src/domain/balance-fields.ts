import { optional, required, type ValuesOf } from './field-table.ts';

/** The release that brought what is not older. */
const since = '0.2.0';

/**
 * What a bank says of a balance: the one place that names its fields; see transaction-fields.ts. What is compared makes a new row of the
 * balance's history; a new reference date with the same amount does not.
 */
export const balanceFields = {
  type: required('text', "The Berlin Group's balance type: closingBooked, expected, interimAvailable …"),
  amount: required('money', 'How much.'),
  creditLimitIncluded: optional('boolean', 'Whether a credit line is counted in; null when the bank does not say.', {
    since,
  }),
  referenceDate: optional('date', 'The day that the balance is of; null when the bank does not say.', {
    compared: false,
  }),
  lastChangedAt: optional('time', 'When the bank last changed it; null when the bank does not say.', {
    compared: false,
    since,
  }),
} as const;

/** What we say of it ourselves. */
export const balanceRecordFields = {
  observedAt: required('time', 'End of the synchronization that brought it.', { since }),
} as const;

export type BalanceRecordValues = ValuesOf<typeof balanceRecordFields>;
/** A balance as it is kept. */
export interface Balance extends BalanceValues, BalanceRecordValues {}
export type BalanceValues = ValuesOf<typeof balanceFields>;
