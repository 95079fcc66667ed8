import {
  type Access,
  type AccountAccess,
  checkAccess,
  countAccess,
  findAccount,
  toAccountUrl,
  toResourceId,
} from './account-access.ts';
import type { BankDeps } from './bank-deps.ts';
import { dayOf } from './days.ts';
import { type BankReply, Refusal, toJson } from './exchange.ts';
import type { PersonAccount } from './persons.ts';
import type { TppRequest } from './tpp-identity.ts';
import { toAmount } from './transaction-generator.ts';
import { answerTransactions } from './transaction-routes.ts';

/** Answers what lies under /v1/accounts. */
export function answerAccounts(deps: BankDeps, request: TppRequest, path: string[]): BankReply {
  if (request.method !== 'GET') throw new Refusal(405, 'SERVICE_INVALID', 'Accounts can only be read.');
  const access = checkAccess(deps, request);
  const [resourceId, part, ...more] = path;
  if (!resourceId) {
    countAccess(deps, access, 'accounts');
    const accounts = access.person.accounts.map((account, index) => toDetails(deps, access, { account, index }));
    return toJson(200, { accounts });
  }
  const one = findAccount(access, resourceId);
  if (!part) {
    countAccess(deps, access, `account/${one.index}`);
    return toJson(200, { account: toDetails(deps, access, one) });
  }
  if (part === 'balances' && more.length === 0) {
    countAccess(deps, access, `balances/${one.index}`);
    return toJson(200, toBalances(deps, one));
  }
  if (part === 'transactions' && more.length === 0) return answerTransactions(deps, request, one);
  throw new Refusal(404, 'RESOURCE_UNKNOWN', 'There is no such resource.');
}

function toDetails(
  deps: BankDeps,
  { consent, person }: Access,
  { account, index }: { account: PersonAccount; index: number },
) {
  const self = toAccountUrl(deps, consent, index);
  return {
    resourceId: toResourceId(consent, index),
    iban: account.iban,
    currency: account.currency,
    ownerName: person.ownerName,
    name: account.name,
    product: account.product,
    cashAccountType: 'CACC',
    _links: { balances: { href: `${self}/balances` }, transactions: { href: `${self}/transactions` } },
  };
}

function toBalances(deps: BankDeps, access: AccountAccess) {
  const { account } = access;
  const { booked, available } = deps.ledger.balances(access);
  const balance = (balanceType: string, cents: number) => ({
    balanceAmount: { currency: account.currency, amount: toAmount(cents) },
    balanceType,
    referenceDate: dayOf(deps.now()),
  });
  return {
    account: { iban: account.iban, currency: account.currency },
    balances: [balance('closingBooked', booked), balance('interimAvailable', available)],
  };
}
