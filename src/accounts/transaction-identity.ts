import { createHash } from 'node:crypto';
import type { FetchedTransaction, TransactionFields } from './bank-transaction.ts';

/**
 * What recognises each transaction of one account's reply: the bank's transactionId, else its entryReference, else a
 * fingerprint with a number, so that two equal coffees on one day are two. Both ids are optional in the protocol.
 * Transactions that say the same id twice are one: the last, and a booked one rather than a pending.
 */
export function identify(fetched: readonly FetchedTransaction[]): Map<string, FetchedTransaction> {
  const byIdentity = new Map<string, FetchedTransaction>();
  const occurrences = new Map<string, number>();
  for (const transaction of fetched) {
    const own = ownIdentity(transaction);
    if (own) {
      const known = byIdentity.get(own);
      if (!known || known.status === 'PENDING' || transaction.status === 'BOOKED') byIdentity.set(own, transaction);
      continue;
    }
    const fingerprint = `${transaction.status === 'BOOKED' ? 'f' : 'p'}:${toFingerprint(transaction)}`;
    const occurrence = occurrences.get(fingerprint) ?? 0;
    occurrences.set(fingerprint, occurrence + 1);
    byIdentity.set(`${fingerprint}:${occurrence}`, transaction);
  }
  return byIdentity;
}

function ownIdentity({ transactionId, entryReference }: FetchedTransaction): string | null {
  if (transactionId) return `t:${transactionId}`;
  return entryReference ? `e:${entryReference}` : null;
}

/** Equal for transactions that say the same of everything but the bank's ids. */
export function toFingerprint(transaction: TransactionFields): string {
  const { amount, bookingDate, counterpartyName, counterpartyIban, remittanceInformation, endToEndId } = transaction;
  const told = [
    // A pending one has no date of its own that would last.
    transaction.status === 'BOOKED' ? bookingDate : null,
    amount.amount,
    amount.currency,
    counterpartyName,
    counterpartyIban,
    remittanceInformation,
    endToEndId,
  ];
  return createHash('sha256').update(JSON.stringify(told)).digest('base64url').slice(0, 22);
}
