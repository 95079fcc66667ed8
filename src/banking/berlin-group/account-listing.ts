import type { ReadingFault } from '../../domain/reading-fault.ts';
import { BankFailure } from '../bank-failure.ts';
import type { BankLearnings } from '../bank-learnings.ts';
import type { BankAccount, ListAccountsOptions } from '../bank-port.ts';
import { type ListedAccount, readAccounts, withoutAggregates } from './account-list.ts';
import type { AskForData } from './account-reading.ts';
import type { ConsentAccess } from './consent-access.ts';
import { readMessageCodes } from './failure-mapping.ts';
import { parseJson } from './json-text.ts';
import { isRecord } from './json-values.ts';
import { linksOf } from './reply-links.ts';
import type { Xs2aReply } from './xs2a-client.ts';

export interface Listing {
  accounts: ListedAccount[];
  faults: ReadingFault[];
  complete: boolean;
}

/** More pages than any end user has. */
const maxPageCount = 100;
const fact = 'card-accounts';

/** Lists accounts, and card accounts at banks that have them, page by page. */
export function createAccountListing({ ask, learnt }: { ask: AskForData; learnt: BankLearnings }) {
  return async (access: ConsentAccess, { beforeCardAccounts }: ListAccountsOptions): Promise<Listing> => {
    const known = await learnt.get(fact);
    const askForCards = async () => {
      await beforeCardAccounts?.();
      return await listCards(access, known === 'has');
    };
    // Where the bank is known to have some, neither list waits for the other.
    const [list, cards] =
      known === 'has'
        ? await Promise.allSettled([listPages('CASH', access), askForCards()])
        : [await settle(listPages('CASH', access)), null];
    if (list.status === 'rejected') throw list.reason;
    const cardList = cards ?? (known === 'none' ? null : await settle(askForCards()));
    if (cardList?.status === 'rejected') throw cardList.reason;
    return join(list.value, cardList?.value ?? { accounts: [], faults: [], complete: true });
  };

  async function listCards(access: ConsentAccess, hasSome: boolean): Promise<Listing> {
    try {
      const cards = await listPages('CARD', access);
      if (!hasSome) await learnt.put(fact, 'has');
      return cards;
    } catch (error) {
      if (!(error instanceof BankFailure)) throw error;
      const saysNone =
        error.code === 'REQUEST_REFUSED' && [403, 404, 405, 501].includes(Number(error.details.httpStatus));
      if (saysNone) await learnt.put(fact, 'none');
      // A consent to accounts alone says nothing of the bank. What breaks where no card was ever seen is taken for none.
      const isNone = saysNone || !hasSome || error.code === 'CONSENT_INVALID';
      return { accounts: [], faults: [], complete: isNone };
    }
  }

  async function listPages(kind: BankAccount['kind'], access: ConsentAccess): Promise<Listing> {
    const operation = kind === 'CARD' ? 'list card accounts' : 'list accounts';
    const listing: Listing = { accounts: [], faults: [], complete: true };
    const seen = new Set<string>();
    let path: string | URL = kind === 'CARD' ? '/v1/card-accounts' : '/v1/accounts';
    while (seen.size < maxPageCount) {
      let reply: Xs2aReply<null>;
      try {
        reply = await ask({ operation, path }, access);
      } catch (error) {
        if (seen.size === 0 || !isOfPage(error)) throw error;
        return { ...listing, complete: false };
      }
      const page = readPage(reply, kind);
      listing.accounts.push(...page.listed);
      listing.faults.push(...page.faults);
      if (page.next === null || seen.has(page.next.href)) return listing;
      seen.add(page.next.href);
      path = page.next;
    }
    return { ...listing, complete: false };
  }
}

/** The list goes on without it; what concerns the consent or us is a failure of the whole. */
function isOfPage(error: unknown): boolean {
  return error instanceof BankFailure && /^(BANK_UNAVAILABLE|REQUEST_REFUSED|MALFORMED_REPLY)$/.test(error.code);
}

function readPage(reply: Xs2aReply<null>, kind: BankAccount['kind']) {
  if (reply.status === 204) return { listed: [], faults: [], next: null };
  const body = parseJson(reply.text);
  if (body === undefined) throw reply.malformed('it is not JSON');
  const list = findList(body, kind);
  if (list === undefined) throw reply.malformed(describe(body));
  const href = linksOf(body).next ?? null;
  return { ...readAccounts(list, kind), next: href === null ? null : reply.resolveLink(href) };
}

/** Undefined where there is no list; null for one that is empty. */
function findList(body: unknown, kind: BankAccount['kind']): unknown {
  if (Array.isArray(body)) return body.every(isRecord) ? body : undefined;
  if (!isRecord(body)) return undefined;
  return kind === 'CARD' ? (body.cardAccounts ?? body.accounts ?? null) : body.accounts;
}

function describe(body: unknown): string {
  const [messageCode] = readMessageCodes(body);
  return messageCode ? `it is a success and says ${messageCode}` : 'it has no accounts';
}

/** One that both lists name is read once, as the account that it is in the first. */
function join(list: Listing, cards: Listing): Listing {
  const ids = new Set(list.accounts.map(({ account }) => account.resourceId));
  const accounts = [...list.accounts, ...cards.accounts.filter(({ account }) => !ids.has(account.resourceId))];
  return {
    accounts: withoutAggregates(accounts),
    faults: [...list.faults, ...cards.faults],
    complete: list.complete && cards.complete,
  };
}

async function settle<T>(work: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [settled] = await Promise.allSettled([work]);
  return settled;
}
