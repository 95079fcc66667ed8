import { BankFailure } from '../bank-failure.ts';
import type {
  AccountList,
  BalanceReading,
  BankAccount,
  ListAccountsOptions,
  TransactionPage,
  TransactionQuery,
} from '../bank-port.ts';
import type { ListedAccount } from './account-list.ts';
import { createAccountListing } from './account-listing.ts';
import type { BankCalls } from './authorisation-calls.ts';
import { readBalances } from './balance-reading.ts';
import { createCallGate } from './call-gate.ts';
import type { ConsentAccess } from './consent-access.ts';
import { readMessageCodes } from './failure-mapping.ts';
import { parseJson } from './json-text.ts';
import { isRecord } from './json-values.ts';
import { toPsuHeaders } from './psu-headers.ts';
import { findStrangeContent } from './strange-shape.ts';
import { createTransactionListing } from './transaction-listing.ts';
import type { Xs2aReply } from './xs2a-client.ts';

/** The calls that read accounts under a consent. */
export interface AccountReading {
  listAccounts(access: ConsentAccess, options?: ListAccountsOptions): Promise<AccountList>;
  readBalances(account: BankAccount, access: ConsentAccess): Promise<BalanceReading>;
  listTransactions(
    account: BankAccount,
    query: TransactionQuery,
    access: ConsentAccess,
  ): AsyncIterable<TransactionPage>;
}

type ReadingCalls = Pick<BankCalls, 'entry' | 'client' | 'clock' | 'learnt'>;

export interface DataQuestion {
  /** In words: `list accounts`. */
  operation: string;
  path: string | URL;
  accept?: string;
}

/** Asks for data under a consent, when its turn has come; what comes back is read by the caller. */
export type AskForData = (question: DataQuestion, access: ConsentAccess) => Promise<Xs2aReply<null>>;

/** What the bank has said of an account when it listed it, and how it is addressed. */
export interface AccountHandle {
  path: string;
  listed: Omit<ListedAccount, 'account'>;
}

export function createAccountReading({ entry, client, clock, learnt }: ReadingCalls): AccountReading {
  const gate = createCallGate(entry.parallelCalls, learnt);
  const listed = new WeakMap<BankAccount, Omit<ListedAccount, 'account'>>();

  const ask: AskForData = ({ operation, path, accept }, access) =>
    gate.run(access.signal, () =>
      client.send({
        operation,
        path,
        method: 'GET',
        headers: {
          ...access.headers,
          ...toPsuHeaders(access.psu, entry),
          ...(accept !== undefined && { accept }),
        },
        reply: null,
        tokens: access.tokens,
        signal: access.signal,
      }),
    );

  const toHandle = (account: BankAccount): AccountHandle => ({
    path: `/v1/${account.kind === 'CARD' ? 'card-accounts' : 'accounts'}/${encodeURIComponent(account.resourceId)}`,
    listed: listed.get(account) ?? { hasNoBalances: false, isReversed: false },
  });

  const accountListing = createAccountListing({ ask, learnt });
  const listTransactions = createTransactionListing({ entry, clock, learnt, ask });

  return {
    async listAccounts(access, options = {}) {
      const { accounts, faults, complete } = await accountListing(access, options);
      for (const { account, ...rest } of accounts) listed.set(account, rest);
      return { accounts: accounts.map(({ account }) => account), faults, complete };
    },
    readBalances: async (account, access) => await askForBalances(ask, { account, handle: toHandle(account), access }),
    listTransactions: (account, query, access) =>
      listTransactions({ account, handle: toHandle(account), query, access }),
  };
}

async function askForBalances(
  ask: AskForData,
  { account, handle, access }: { account: BankAccount; handle: AccountHandle; access: ConsentAccess },
): Promise<BalanceReading> {
  if (handle.listed.hasNoBalances) return { balances: [], faults: [] };
  let reply: Xs2aReply<null>;
  try {
    reply = await ask({ operation: 'read balances', path: `${handle.path}/balances` }, access);
  } catch (error) {
    if (!isRefusedForAccount(error)) throw error;
    return { balances: [], faults: [{ path: 'balances', kind: 'refused' }] };
  }
  const body = reply.text.trim() === '' ? null : parseJson(reply.text);
  if (body === undefined) throw reply.malformed('it is not JSON');
  const [messageCode] = readMessageCodes(body);
  if (messageCode) throw reply.malformed(`it is a success and says ${messageCode}`);
  const balances = findBalances(body);
  const strange = isRecord(body) && (balances ?? null) === null ? findStrangeContent(body) : null;
  if (strange !== null) throw reply.malformed(`it has no balances, but something under '${strange}'`);
  const currency = account.currency === 'XXX' ? null : account.currency;
  return readBalances(balances, { currency, isReversed: handle.listed.isReversed });
}

function findBalances(body: unknown): unknown {
  if (!isRecord(body)) return body;
  if (body.balances !== undefined) return body.balances;
  if (isRecord(body.account) && body.account.balances !== undefined) return body.account.balances;
  return body.balanceAmount !== undefined || body.amount !== undefined ? [body] : null;
}

/**
 * Some consents cover an account's transactions and not its balances. Where the consent is lost as a whole, the next call says so; what
 * is over by name is over.
 */
function isRefusedForAccount(error: unknown): boolean {
  if (!(error instanceof BankFailure)) return false;
  const isAboutConsent = error.code === 'CONSENT_INVALID' && error.details.messageCode === 'CONSENT_INVALID';
  return error.code === 'REQUEST_REFUSED' || isAboutConsent;
}
