import { oneOf, optional, required, type ValuesOf } from './field-table.ts';

/** The release that brought what is not older. */
const since = '0.2.0';

/** What a bank says of an account: the one place that names its fields; see transaction-fields.ts. */
export const accountFields = {
  kind: oneOf('AccountKind', ['CASH', 'CARD'], 'A payment or savings account, or the account of a card.', { since }),
  iban: optional('text', 'The IBAN, where the account has one.'),
  bban: optional('text', 'The national account number, where the bank gives it.', { since }),
  maskedPan: optional('text', 'The number of the card, masked, where the account is known by one.', { since }),
  bic: optional('text', 'The BIC of the bank that keeps the account.', { since }),
  currency: required('text', 'ISO 4217; XXX where the bank aggregates several.'),
  name: optional('text', 'What the bank or the end user calls the account.'),
  ownerName: optional('text', 'Whose account it is, where the bank says so.'),
  product: optional('text', "The bank's name for this kind of account."),
  type: optional('text', 'ISO 20022 cash account type: CACC, SVGS, CARD …', { since }),
  usage: optional('text', 'PRIV or ORGA.', { since }),
  details: optional('text', 'What the bank says besides, for people.', { since }),
} as const;

export type AccountValues = ValuesOf<typeof accountFields>;
