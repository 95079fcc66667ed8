import { oneOf, optional, required, type ValuesOf } from './field-table.ts';

/** What a bank says of an account: the one place that names its fields; see transaction-fields.ts. */
export const accountFields = {
  kind: oneOf('AccountKind', ['CASH', 'CARD'], 'A payment or savings account, or the account of a card.'),
  iban: optional('text', 'The IBAN, where the account has one.'),
  bban: optional('text', 'The national account number, where the bank gives it.'),
  maskedPan: optional('text', 'The number of the card, masked, where the account is known by one.'),
  bic: optional('text', 'The BIC of the bank that keeps the account.'),
  currency: required('text', 'ISO 4217; XXX where the bank aggregates several.'),
  name: optional('text', 'What the bank or the end user calls the account.'),
  ownerName: optional('text', 'Whose account it is, where the bank says so.'),
  product: optional('text', "The bank's name for this kind of account."),
  type: optional('text', 'ISO 20022 cash account type: CACC, SVGS, CARD …'),
  usage: optional('text', 'PRIV or ORGA.'),
  details: optional('text', 'What the bank says besides, for people.'),
} as const;

export type AccountValues = ValuesOf<typeof accountFields>;
