import type { BalanceValues } from '../../domain/balance-fields.ts';
import { absentValues } from '../../domain/field-table.ts';
import { formatAmount, type Money } from '../../domain/money.ts';
import { type FetchedTransaction, transactionFields } from '../../domain/transaction-fields.ts';
import type { BankAccount, BankConsent, BankConsentStatus } from '../bank-port.ts';
import type { AccountReply, BalanceReply, ConsentReply, TransactionReply, TransactionsReply } from './replies.ts';

const consentStatuses: ReadonlyMap<string, BankConsentStatus> = new Map([
  ['received', 'received'],
  ['partiallyAuthorised', 'partially-authorised'],
  ['valid', 'valid'],
  ['rejected', 'rejected'],
  ['expired', 'expired'],
  ['revokedByPsu', 'revoked-by-psu'],
  ['terminatedByTpp', 'terminated'],
]);

export function toConsentStatus(consentStatus: string): BankConsentStatus {
  return consentStatuses.get(consentStatus) ?? 'unknown';
}

export function toBankConsent(reply: ConsentReply): BankConsent {
  return {
    status: toConsentStatus(reply.consentStatus),
    recurring: reply.recurringIndicator,
    validUntil: reply.validUntil,
    frequencyPerDay: reply.frequencyPerDay,
  };
}

/** Accounts that the bank lists as deleted are left out: there is nothing to read of them. */
export function toBankAccounts(replies: readonly AccountReply[]): BankAccount[] {
  return replies.filter(({ status }) => status !== 'deleted').map(toBankAccount);
}

function toBankAccount(reply: AccountReply): BankAccount {
  return {
    resourceId: reply.resourceId,
    iban: toIban(reply.iban),
    kind: 'CASH',
    state: 'AVAILABLE',
    bban: reply.bban,
    maskedPan: reply.maskedPan,
    otherIdentification: reply.msisdn,
    bic: null,
    type: null,
    usage: null,
    details: null,
    currency: reply.currency,
    name: reply.name ?? reply.displayName,
    ownerName: reply.ownerName,
    product: reply.product,
    balances: reply.balances?.length ? reply.balances.map(toBankBalance) : null,
  };
}

export function toBankBalance(reply: BalanceReply): BalanceValues {
  return {
    type: reply.balanceType,
    amount: toMoney(reply.balanceAmount),
    creditLimitIncluded: null,
    referenceDate: reply.referenceDate,
    lastChangedAt: null,
  };
}

/** One page in the bank's order, booked before pending. */
export function toBankTransactions(page: NonNullable<TransactionsReply['transactions']>): FetchedTransaction[] {
  return [
    ...(page.booked ?? []).map((reply) => toBankTransaction(reply, 'BOOKED')),
    ...(page.pending ?? []).map((reply) => toBankTransaction(reply, 'PENDING')),
  ];
}

function toBankTransaction(reply: TransactionReply, status: FetchedTransaction['status']): FetchedTransaction {
  const amount = toMoney(reply.transactionAmount);
  return {
    ...absentValues(transactionFields),
    status,
    bankTransactionId: reply.transactionId,
    entryReference: reply.entryReference,
    amount,
    bookingDate: reply.bookingDate,
    valueDate: reply.valueDate,
    ...toCounterparty(reply, amount),
    remittanceInformation: toRemittanceInformation(reply),
    endToEndId: reply.endToEndId,
    bankTransactionCode: reply.bankTransactionCode,
    proprietaryBankTransactionCode: reply.proprietaryBankTransactionCode,
  };
}

/** Banks fill in both sides, the account's owner among them: only the sign tells who the other one is. */
function toCounterparty(reply: TransactionReply, amount: Money) {
  return amount.amount.startsWith('-')
    ? {
        counterpartyName: reply.creditorName ?? reply.ultimateCreditor,
        counterpartyIban: toIban(reply.creditorAccount),
      }
    : { counterpartyName: reply.debtorName ?? reply.ultimateDebtor, counterpartyIban: toIban(reply.debtorAccount) };
}

function toRemittanceInformation(reply: TransactionReply): string | null {
  return (
    reply.remittanceInformationUnstructured ??
    join(reply.remittanceInformationUnstructuredArray) ??
    reply.remittanceInformationStructured ??
    join(reply.remittanceInformationStructuredArray)
  );
}

function join(lines: readonly (string | null)[] | null | undefined): string | null {
  return lines?.filter((line) => line !== null).join(' ') || null;
}

/** Some banks print it in groups of four. */
function toIban(text: string | null): string | null {
  return text?.replace(/\s/g, '').toUpperCase() || null;
}

function toMoney({ amount, currency }: Money): Money {
  return { amount: formatAmount(amount, currency), currency };
}
