import { accountFields } from '../../domain/account-fields.ts';
import { absentValues } from '../../domain/field-table.ts';
import type { ReadingFault } from '../../domain/reading-fault.ts';
import type { BankAccount } from '../bank-port.ts';
import { readBalances } from './balance-reading.ts';
import {
  isRecord,
  type JsonRecord,
  toBic,
  toBoolean,
  toCurrency,
  toIdentification,
  toList,
  toNamedText,
  toText,
} from './json-values.ts';
import { linksOf } from './reply-links.ts';

/** An account of the list, with what the port has no place for. */
export interface ListedAccount {
  account: BankAccount;
  /** The bank gives no balances of it, by its own list: asking for them would be refused. */
  hasNoBalances: boolean;
  /** `debitAccounting`: the bank writes debits, and what is owed, without a minus. */
  isReversed: boolean;
}

export interface ReadAccounts {
  listed: ListedAccount[];
  faults: ReadingFault[];
}

/** One page of the list. Accounts that the bank calls deleted are left out: there is nothing to read of them. */
export function readAccounts(replies: unknown, kind: BankAccount['kind']): ReadAccounts {
  const listed: ListedAccount[] = [];
  const faults: ReadingFault[] = [];
  const name = kind === 'CARD' ? 'cardAccounts' : 'accounts';
  toList(replies).forEach((reply, index) => {
    const path = `${name}.${index}`;
    if (isRecord(reply) && toText(reply.status)?.toLowerCase() === 'deleted') return;
    const resourceId = isRecord(reply) ? findResourceId(reply) : null;
    if (!isRecord(reply)) faults.push({ path, kind: 'not_an_object' });
    else if (resourceId === null) faults.push({ path: `${path}.resourceId`, kind: 'missing' });
    else listed.push(readAccount(reply, resourceId, kind));
  });
  return { listed, faults };
}

/** Goes into paths. A dot segment would change the path. */
export function isResourceId(text: string): boolean {
  return /^[\x21-\x7e]{1,500}$/.test(text) && text !== '.' && text !== '..';
}

function findResourceId(reply: JsonRecord): string | null {
  const given = toText(reply.resourceId) ?? toText(reply.accountId) ?? toText(reply.id);
  if (given !== null) return isResourceId(given) ? given : null;
  for (const href of Object.values(linksOf(reply))) {
    const [, segment] = /\/(?:card-)?accounts\/([^/?#]+)/.exec(href) ?? [];
    const linked = segment === undefined ? null : decodeSegment(segment);
    if (linked !== null && isResourceId(linked)) return linked;
  }
  return null;
}

function decodeSegment(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

function readAccount(reply: JsonRecord, resourceId: string, kind: BankAccount['kind']): ListedAccount {
  const isReversed = kind === 'CARD' && toBoolean(reply.debitAccounting) === true;
  const named = toIdentification({ ...reply, identification: null });
  const { balances, faults } = readBalances(reply.balances, { currency: toCurrency(reply.currency), isReversed });
  const links = linksOf(reply);
  const account: BankAccount = {
    ...absentValues(accountFields),
    resourceId,
    kind,
    state: toText(reply.status)?.toLowerCase() === 'blocked' ? 'BLOCKED' : 'AVAILABLE',
    iban: named?.iban ?? null,
    bban: named?.bban ?? null,
    maskedPan: named?.maskedPan ?? null,
    otherIdentification: named?.other ?? null,
    bic: toBic(reply.bic) ?? toBic(reply.bicfi),
    // Without a currency of its own each row has one. ISO 4217: XXX, no currency.
    currency: toCurrency(reply.currency) ?? balances[0]?.amount.currency ?? 'XXX',
    name: toText(reply.name) ?? toText(reply.displayName),
    ownerName: toText(reply.ownerName) ?? toNamedText(reply.owner, 'name') ?? toOwnerNames(reply.ownerNames),
    product: toText(reply.product),
    type: toText(reply.cashAccountType),
    usage: toText(reply.usage)?.toUpperCase() ?? null,
    details: toText(reply.details),
    // With one that cannot be read they are asked for, and it is told then.
    balances: balances.length > 0 && faults.length === 0 ? balances : null,
  };
  return { account, hasNoBalances: 'transactions' in links && !('balances' in links), isReversed };
}

function toOwnerNames(value: unknown): string | null {
  const names = toList(value).map((owner) => toNamedText(owner, 'name', 'ownerName'));
  return names.filter((name) => name !== null).join(', ') || null;
}

/** Multi-currency accounts are listed beside their sub-accounts at some banks: what is in those is not read twice. */
export function withoutAggregates(listed: readonly ListedAccount[]): ListedAccount[] {
  const subAccounts = new Set(
    listed.filter(({ account }) => account.currency !== 'XXX').map(({ account }) => account.iban),
  );
  return listed.filter(
    ({ account: { currency, iban } }) => currency !== 'XXX' || iban === null || !subAccounts.has(iban),
  );
}
