import { changeBalances, changeDeep, changeRows, type Row } from './rows.ts';
import type { Json, ReplyPart, Trait, TraitCall, TraitReply } from './trait.ts';

/** Every amount of replies of balances and transactions, where `amount` and `currency` stand beside each other. */
function changeAmounts(change: (amount: string) => string | number): ReplyPart {
  return onData((json) =>
    changeDeep(json, (value, name) => (name === 'amount' && typeof value === 'string' ? change(value) : value)),
  );
}

function onData(change: (json: Json) => unknown) {
  return (reply: TraitReply, call: TraitCall): TraitReply =>
    reply.json && (call.about === 'balances' || call.about === 'transactions')
      ? { ...reply, json: change(reply.json) as Json }
      : reply;
}

function toUnsigned(row: Row): { row: Row; isDebit: boolean } {
  const amount = String(row.transactionAmount.amount);
  const unsigned = { ...row, transactionAmount: { ...row.transactionAmount, amount: amount.replace('-', '') } };
  return { row: unsigned, isDebit: amount.startsWith('-') };
}

export const amountTraits = {
  'amounts-as-numbers': {
    about: 'Amounts are JSON numbers: `46.9`',
    reply: changeAmounts(Number),
  },
  'plus-signs': {
    about: 'Amounts coming in have a plus: `+46.97`',
    reply: changeAmounts((amount) => (amount.startsWith('-') ? amount : `+${amount}`)),
  },
  'decimal-commas': {
    about: 'Amounts have a comma: `46,97`',
    reply: changeAmounts((amount) => amount.replace('.', ',')),
  },
  'odd-decimals': {
    about: 'Amounts as `.50`, `1.2E+2`, with blanks, or with four decimals',
    reply: changeAmounts(toOddDecimal),
  },
  'sign-by-indicator': {
    about: 'Amounts have no sign; `creditDebitIndicator` is `DBIT` or `CRDT`',
    reply: changeRows((given) => {
      const { row, isDebit } = toUnsigned(given);
      return { ...row, creditDebitIndicator: isDebit ? 'DBIT' : 'CRDT' };
    }),
  },
  'sign-by-own-account': {
    about: 'Amounts have no sign; the debtor’s or the creditor’s account is the account itself',
    reply: changeRows((given, { call }) => {
      const { row, isDebit } = toUnsigned(given);
      return isDebit ? { ...row, debtorAccount: { iban: call.account?.iban } } : row;
    }),
  },
  'lower-case-currency': {
    about: 'Currencies are lower-case',
    reply: onData((json) =>
      changeDeep(json, (value, name) => (name === 'currency' ? String(value).toLowerCase() : value)),
    ),
  },
  'no-currency': {
    about: 'Transactions do not say their currency',
    reply: changeRows((row) => ({ ...row, transactionAmount: { amount: row.transactionAmount.amount } })),
  },
  'flat-balances': {
    about: 'A balance is `{ balanceType, amount, currency }`, without `balanceAmount`',
    reply: changeBalances(({ balanceAmount, ...balance }) => ({ ...balance, ...(balanceAmount as Json) })),
  },
  'balances-without-type': {
    about: 'A balance does not say of which type it is',
    reply: changeBalances(({ balanceType: _, ...balance }) => balance),
  },
  'pending-amounts-differ': {
    about: 'Pending payments by card are of 100.00, and booked with what they cost',
    reply: changeRows((row, { status }) =>
      status === 'pending' && row.bankTransactionCode === 'PMNT-CCRD-POSD'
        ? { ...row, transactionAmount: { ...row.transactionAmount, amount: '-100.00' } }
        : row,
    ),
  },
  'blanks-and-entities': {
    about: 'Texts have HTML entities (`&amp;`), `\\U00e4` escapes and doubled blanks',
    reply: changeRows((row) => changeDeep(row, escapeText) as Row),
  },
} satisfies Record<string, Trait>;

function toOddDecimal(amount: string): string {
  const cents = Math.abs(Math.round(Number(amount) * 100));
  if (cents < 100) return amount.replace('0.', '.');
  if (cents % 3 === 0) return `${amount}00`;
  if (cents % 3 === 1) return ` ${amount} `;
  const [, sign = '', digits = '', decimals = ''] = /^(-?)(\d+)\.(\d\d)$/.exec(amount) ?? [];
  return `${sign}${digits.slice(0, 1)}.${digits.slice(1)}${decimals}E+${digits.length - 1}`;
}

const textNames = /Name$|^remittanceInformationUnstructured$|^ultimate/;

function escapeText(value: unknown, name: string): unknown {
  if (typeof value !== 'string' || !textNames.test(name)) return value;
  return value.replaceAll('&', '&amp;').replaceAll('ä', '\\U00e4').replaceAll('ß', '&szlig;').replaceAll(' ', '  ');
}
