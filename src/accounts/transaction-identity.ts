import { createHash } from 'node:crypto';
import type { FetchedTransaction } from './bank-transaction.ts';

/**
 * What recognises each transaction of one account's reply: the bank's bankTransactionId, else its entryReference, else a
 * fingerprint with a number, so that two equal coffees on one day are two. Both ids are optional in the protocol.
 * Transactions that say the same id twice are one: the last, and a booked one rather than a pending.
 */
export function identify(fetched: readonly FetchedTransaction[]): Map<string, FetchedTransaction> {
  const byIdentity = new Map<string, FetchedTransaction>();
  const alike = new Map<string, FetchedTransaction[]>();
  const isCollective = findCollectiveReferences(fetched);
  for (const transaction of fetched) {
    const own = ownIdentity(transaction, isCollective);
    if (own) {
      const known = byIdentity.get(own);
      if (!known || known.status === 'PENDING' || transaction.status === 'BOOKED') byIdentity.set(own, transaction);
      continue;
    }
    const fingerprint = `${transaction.status === 'BOOKED' ? 'f' : 'p'}:${toFingerprint(transaction)}`;
    const others = alike.get(fingerprint);
    if (others) others.push(transaction);
    else alike.set(fingerprint, [transaction]);
  }
  for (const [fingerprint, transactions] of alike) {
    // In an order of their own: the bank's may change from reply to reply.
    if (transactions.length > 1) transactions.sort((a, b) => compare(toRest(a), toRest(b)));
    for (const [number, transaction] of transactions.entries()) byIdentity.set(`${fingerprint}:${number}`, transaction);
  }
  return byIdentity;
}

function toRest({ entryReference, valueDate, bankTransactionCode }: FetchedTransaction): string {
  return JSON.stringify([entryReference, valueDate, bankTransactionCode]);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The identities that the bank's own ids may have given to what is stored of this transaction. */
export function toNamedIdentities({ bankTransactionId, entryReference }: FetchedTransaction): string[] {
  return [
    ...(bankTransactionId ? [toIdIdentity(bankTransactionId)] : []),
    ...(entryReference ? [toReferenceIdentity(entryReference)] : []),
  ];
}

type IsCollective = (entryReference: string) => boolean;

function ownIdentity(
  { bankTransactionId, entryReference }: FetchedTransaction,
  isCollective: IsCollective,
): string | null {
  if (bankTransactionId) return toIdIdentity(bankTransactionId);
  return entryReference && !isCollective(entryReference) ? toReferenceIdentity(entryReference) : null;
}

function toIdIdentity(bankTransactionId: string): string {
  return `t:${bankTransactionId}`;
}

/** The identity of a transaction that has an entryReference and no bankTransactionId. */
export function toReferenceIdentity(entryReference: string): string {
  return `e:${entryReference}`;
}

// Some banks give one reference to all payments of a collective order, or to all entries of a statement: where booked
// transactions of different content share it, it recognises none of them.
function findCollectiveReferences(fetched: readonly FetchedTransaction[]): IsCollective {
  const fingerprints = new Map<string, string>();
  const collective = new Set<string>();
  for (const transaction of fetched) {
    const { status, bankTransactionId, entryReference } = transaction;
    if (bankTransactionId || !entryReference || status !== 'BOOKED') continue;
    const fingerprint = toFingerprint(transaction);
    if ((fingerprints.get(entryReference) ?? fingerprint) !== fingerprint) collective.add(entryReference);
    fingerprints.set(entryReference, fingerprint);
  }
  return (entryReference) => collective.has(entryReference);
}

/** Equal for transactions that say the same of everything but the bank's ids. */
export function toFingerprint(transaction: FetchedTransaction): string {
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
