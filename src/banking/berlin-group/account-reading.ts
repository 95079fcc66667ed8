import { BankFailure } from '../bank-failure.ts';
import type { BankAccount, BankBalance, BankTransaction, TransactionQuery } from '../bank-port.ts';
import type { BankCalls } from './authorisation-calls.ts';
import type { ConsentAccess } from './consent-access.ts';
import { toBankAccounts, toBankBalance, toBankTransactions } from './mapping.ts';
import { toPsuHeaders } from './psu-headers.ts';
import { accountsReply, balancesReply, transactionsReply } from './replies.ts';

/** More pages than any account has: a bank that always names one more page ends here. */
const maxPageCount = 10_000;

/** The calls that read accounts under a consent. */
export interface AccountReading {
  listAccounts(access: ConsentAccess): Promise<BankAccount[]>;
  getBalances(resourceId: string, access: ConsentAccess): Promise<BankBalance[]>;
  listTransactions(
    resourceId: string,
    query: TransactionQuery,
    access: ConsentAccess,
  ): AsyncIterable<BankTransaction[]>;
}

export function createAccountReading({ entry, client }: Pick<BankCalls, 'entry' | 'client'>): AccountReading {
  // `booked` is all that a bank must support. Learnt once, so that later calls do not ask in vain.
  let bookingStatus: 'both' | 'booked' = 'both';

  return {
    async listAccounts(access) {
      const request = { operation: 'list accounts', path: '/v1/accounts', reply: accountsReply };
      const { body } = await client.send({ ...request, ...toAccess(access) });
      return toBankAccounts(body.accounts);
    },

    async getBalances(resourceId, access) {
      const path = `/v1/accounts/${encodeURIComponent(resourceId)}/balances`;
      const request = { operation: 'read balances', path, reply: balancesReply };
      const { body } = await client.send({ ...request, ...toAccess(access) });
      return body.balances.map(toBankBalance);
    },

    async *listTransactions(resourceId, query, access) {
      let page = await readFirstPage(resourceId, query, access);
      const seen = new Set<string>();
      while (true) {
        yield page.transactions;
        if (!page.next) return;
        if (seen.has(page.next.href) || seen.size >= maxPageCount) {
          throw page.malformed('the pages of transactions do not end');
        }
        seen.add(page.next.href);
        page = await readPage(page.next, access);
      }
    },
  };

  function toAccess(access: ConsentAccess) {
    return {
      method: 'GET' as const,
      headers: { ...access.headers, ...toPsuHeaders(access.psu, entry) },
      tokens: access.tokens,
      signal: access.signal,
    };
  }

  async function readFirstPage(resourceId: string, query: TransactionQuery, access: ConsentAccess) {
    try {
      return await readPage(toTransactionsPath(resourceId, query, bookingStatus), access);
    } catch (error) {
      const isRefused = error instanceof BankFailure && error.details.messageCode === 'PARAMETER_NOT_SUPPORTED';
      if (!isRefused || bookingStatus === 'booked') throw error;
      const page = await readPage(toTransactionsPath(resourceId, query, 'booked'), access);
      bookingStatus = 'booked';
      return page;
    }
  }

  async function readPage(path: string | URL, access: ConsentAccess) {
    const request = { operation: 'list transactions', path, reply: transactionsReply };
    const reply = await client.send({ ...request, ...toAccess(access) });
    const { transactions, _links } = reply.body;
    if (!transactions) {
      throw reply.malformed(_links.download ? 'the report is only there for download' : 'it has no transactions');
    }
    const next = transactions._links.next ?? _links.next;
    return {
      transactions: toBankTransactions(transactions),
      next: next ? reply.resolveLink(next) : null,
      malformed: reply.malformed,
    };
  }
}

function toTransactionsPath(resourceId: string, query: TransactionQuery, bookingStatus: string): string {
  const parameters = new URLSearchParams({ bookingStatus, dateFrom: query.dateFrom });
  if (query.dateTo) parameters.set('dateTo', query.dateTo);
  return `/v1/accounts/${encodeURIComponent(resourceId)}/transactions?${parameters}`;
}
