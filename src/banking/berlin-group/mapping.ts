import { formatAmount, type Money } from '../../domain/money.ts';
import type { BankAccount, BankBalance, BankTransaction } from '../bank-port.ts';
import type { AccountReply, BalanceReply, TransactionReply, TransactionsReply } from './replies.ts';

/** Accounts that the bank lists as deleted are left out: there is nothing to read of them. */
export function toBankAccounts(replies: readonly AccountReply[]): BankAccount[] {
  return replies.filter(({ status }) => status !== 'deleted').map(toBankAccount);
}

function toBankAccount(reply: AccountReply): BankAccount {
  return {
    resourceId: reply.resourceId,
    iban: toIban(reply.iban),
    otherIdentification: reply.iban ? null : (reply.bban ?? reply.msisdn ?? reply.maskedPan),
    currency: reply.currency,
    name: reply.name ?? reply.displayName,
    ownerName: reply.ownerName,
    product: reply.product,
    balances: reply.balances?.length ? reply.balances.map(toBankBalance) : null,
  };
}

export function toBankBalance(reply: BalanceReply): BankBalance {
  return { type: reply.balanceType, amount: toMoney(reply.balanceAmount), referenceDate: reply.referenceDate };
}

/** One page in the bank's order, booked before pending. */
export function toBankTransactions(page: NonNullable<TransactionsReply['transactions']>): BankTransaction[] {
  return [
    ...(page.booked ?? []).map((reply) => toBankTransaction(reply, 'BOOKED')),
    ...(page.pending ?? []).map((reply) => toBankTransaction(reply, 'PENDING')),
  ];
}

function toBankTransaction(reply: TransactionReply, status: BankTransaction['status']): BankTransaction {
  const amount = toMoney(reply.transactionAmount);
  return {
    status,
    transactionId: reply.transactionId,
    entryReference: reply.entryReference,
    amount,
    bookingDate: reply.bookingDate,
    valueDate: reply.valueDate,
    ...toCounterparty(reply, amount),
    remittanceInformation: toRemittanceInformation(reply),
    endToEndId: reply.endToEndId,
    bankTransactionCode: reply.bankTransactionCode ?? reply.proprietaryBankTransactionCode,
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
