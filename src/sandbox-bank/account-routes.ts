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
import { type BankReply, Refusal } from './exchange.ts';
import type { PersonAccount } from './person.ts';
import type { TppRequest } from './tpp-identity.ts';
import { toTraitQuestion } from './trait-question.ts';
import { type TraitQuestion, toBankReply } from './traits/trait.ts';
import { toBalance } from './transaction-json.ts';
import { answerTransactions } from './transaction-routes.ts';

const bic = 'SBXBDEFFXXX';

/** Answers what lies under /v1/accounts, and, of end users who have cards, under /v1/card-accounts. */
export function answerAccounts(deps: BankDeps, request: TppRequest, path: string[]): BankReply {
  if (request.method !== 'GET') throw new Refusal(405, 'SERVICE_INVALID', 'Accounts can only be read.');
  const [list, resourceId, part, ...more] = path;
  const access = checkAccess(deps, request);
  const isCard = list === 'card-accounts';
  if (isCard && !access.person.accounts.some(({ maskedPan }) => maskedPan)) {
    throw new Refusal(404, 'RESOURCE_UNKNOWN', 'There are no card accounts.');
  }
  const respond = (about: TraitQuestion['about'], json: { [name: string]: unknown }, one: AccountAccess | null) => {
    const call = { ...toTraitQuestion(deps, request, { about, one }), reading: null };
    access.traits.admit(call);
    return toBankReply(access.traits.reply({ status: 200, json }, call));
  };
  if (!resourceId) {
    countAccess(deps, access, list ?? '');
    return respond(isCard ? 'card-accounts' : 'accounts', listAccounts(deps, access, isCard), null);
  }
  const one = findAccount(access, resourceId, isCard);
  if (!part) {
    countAccess(deps, access, `account/${one.index}`);
    return respond('account', { [isCard ? 'cardAccount' : 'account']: toDetails(deps, one) }, one);
  }
  if (part === 'balances' && more.length === 0) {
    countAccess(deps, access, `balances/${one.index}`);
    return respond('balances', toBalances(deps, one), one);
  }
  if (part === 'transactions' && more.length === 0) return answerTransactions(deps, request, one);
  throw new Refusal(404, 'RESOURCE_UNKNOWN', 'There is no such resource.');
}

function listAccounts(deps: BankDeps, access: Access, isCard: boolean) {
  const details = access.person.accounts.flatMap((account, index) =>
    (account.maskedPan !== undefined) === isCard ? [toDetails(deps, { ...access, account, index })] : [],
  );
  return { [isCard ? 'cardAccounts' : 'accounts']: details };
}

function toDetails(deps: BankDeps, access: Access & Pick<AccountAccess, 'account' | 'index'>) {
  const { account, index, consent, person } = access;
  const self = toAccountUrl(deps, access, index);
  const isSaving = account.product === 'Tagesgeldkonto';
  return {
    resourceId: toResourceId(consent, index),
    ...toReference(account),
    ownerName: person.ownerName,
    name: account.name,
    product: account.product,
    ...(account.maskedPan ? {} : { cashAccountType: isSaving ? 'SVGS' : 'CACC', bic }),
    status: 'enabled',
    usage: account.product === 'Business Giro' ? 'ORGA' : 'PRIV',
    details: account.maskedPan ? 'Charged once a month' : `Opened at the branch of ${account.iban.slice(4, 12)}`,
    _links: { balances: { href: `${self}/balances` }, transactions: { href: `${self}/transactions` } },
  };
}

function toBalances(deps: BankDeps, access: AccountAccess) {
  const { account } = access;
  const { booked, available, changedOn } = deps.ledger.balances(access);
  const today = { referenceDate: dayOf(deps.now()) };
  const changed = changedOn === null ? {} : { lastChangeDateTime: `${changedOn}T00:00:00Z` };
  return {
    [account.maskedPan ? 'cardAccount' : 'account']: toReference(account),
    balances: [
      { ...toBalance('closingBooked', booked, account), ...today, ...changed },
      { ...toBalance('interimAvailable', available, account), ...today, creditLimitIncluded: false },
    ],
  };
}

function toReference({ iban, maskedPan, currency }: PersonAccount) {
  return { ...(maskedPan ? { maskedPan } : { iban }), currency };
}
