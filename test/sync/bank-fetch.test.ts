import { describe, expect, it } from 'vitest';
import { BankFailure, type BankFailureCode } from '../../src/banking/bank-failure.ts';
import type { BankAccount, BankPort, TransactionPage } from '../../src/banking/bank-port.ts';
import { ownCredentials } from '../../src/consent/credential-keeper.ts';
import { LimitReached } from '../../src/domain/errors.ts';
import { accountProblemCodes } from '../../src/sync/account-problem.ts';
import { type FetchPlan, fetchBankData } from '../../src/sync/bank-fetch.ts';
import { toLeftOut } from '../../src/sync/left-out.ts';
import { bankAccount, bankTransaction, silence } from './scripted-bank.ts';

const balance = {
  type: 'expected',
  amount: { amount: '1.00', currency: 'EUR' },
  creditLimitIncluded: null,
  referenceDate: null,
  lastChangedAt: null,
};
const page = (given: Partial<TransactionPage> = {}): TransactionPage => ({
  transactions: [bankTransaction()],
  faults: [],
  coversPending: true,
  ...given,
});
const failure = (code: BankFailureCode, given: ConstructorParameters<typeof BankFailure>[2] = {}) =>
  new BankFailure(code, 'as the test has it', given);
const fault = { path: 'transactions.booked.0.transactionAmount', kind: 'missing' };

interface Script {
  accounts: BankAccount[];
  list?: Partial<Awaited<ReturnType<BankPort['listAccounts']>>>;
  /** By resource id. */
  balances?: Record<string, Awaited<ReturnType<BankPort['readBalances']>> | Error>;
  /** By resource id; an error ends the pages. */
  pages?: Record<string, (TransactionPage | Error | 'silence')[] | ((dateFrom: string) => (TransactionPage | Error)[])>;
}

/** Gives what the script has: a page and a balance where it says nothing of an account. */
function scriptedPort({ accounts, list, balances = {}, pages = {} }: Script): { port: BankPort; calls: string[] } {
  const calls: string[] = [];
  const port = {
    listAccounts: async () => ({ accounts, faults: [], complete: true, ...list }),
    async readBalances({ resourceId }: BankAccount) {
      calls.push(`balances ${resourceId}`);
      const given = balances[resourceId] ?? { balances: [balance], faults: [] };
      if (given instanceof Error) throw given;
      return given;
    },
    async *listTransactions(
      { resourceId }: BankAccount,
      { dateFrom }: { dateFrom: string },
      access: { signal?: AbortSignal },
    ) {
      calls.push(`transactions ${resourceId} ${dateFrom}`);
      const given = pages[resourceId] ?? [page()];
      for (const next of typeof given === 'function' ? given(dateFrom) : given) {
        if (next === 'silence') await silence(access as never);
        if (next instanceof Error) throw next;
        yield next;
      }
    },
  } as unknown as BankPort;
  return { port, calls };
}

const credentials = ownCredentials('consent-1', async () => {});

const plan = (given: Partial<FetchPlan> = {}): FetchPlan => ({
  access: { credentials, psu: null },
  since: () => '2024-03-10',
  fallback: '2025-12-11',
  beforeAccount: async () => {},
  beforeFallback: async () => {},
  ...given,
});

const accounts = ['a', 'b', 'c'].map((resourceId) => bankAccount({ resourceId }));

describe('what one account cannot give costs no other one', () => {
  it.each<[what: string, script: Omit<Script, 'accounts'>, code: string, rows: number]>([
    ['a refusal', { pages: { b: [failure('REQUEST_REFUSED')] } }, 'TRANSACTIONS_REFUSED', 0],
    ['a reply that nobody understands', { pages: { b: [failure('MALFORMED_REPLY')] } }, 'TRANSACTIONS_UNREADABLE', 0],
    ['no answer', { pages: { b: [failure('BANK_UNAVAILABLE')] } }, 'BANK_UNAVAILABLE', 0],
    ['a refused second page', { pages: { b: [page(), failure('REQUEST_REFUSED')] } }, 'PAGE_REFUSED', 1],
    ['no answer to a second page', { pages: { b: [page(), failure('BANK_UNAVAILABLE')] } }, 'PAGE_REFUSED', 1],
    ['a file that breaks off', { pages: { b: [page({ complete: false })] } }, 'PAGE_REFUSED', 1],
    ['a row that cannot be read', { pages: { b: [page({ faults: [fault] })] } }, 'ROWS_SKIPPED', 1],
  ])('%s', async (_what, script, code, rows) => {
    const { port } = scriptedPort({ accounts, ...script });
    const fetched = await fetchBankData(port, plan());
    expect(fetched).toMatchObject({ partial: true, complete: true });
    expect(fetched.accounts.map(({ transactions, complete }) => [transactions.length, complete])).toEqual([
      [1, true],
      [rows, false],
      [1, true],
    ]);
    expect(fetched.accounts.map(({ problem }) => problem?.code ?? null)).toEqual([null, code, null]);
    expect(fetched.accounts[1]?.balances).toEqual([balance]);
  });

  it.each<[what: string, script: Omit<Script, 'accounts'>, code: string | null, isPartial: boolean]>([
    [
      'unreadable',
      { balances: { b: { balances: [], faults: [{ path: 'balances.0.balanceType', kind: 'missing' }] } } },
      'BALANCES_UNREADABLE',
      true,
    ],
    ['not understood', { balances: { b: failure('MALFORMED_REPLY') } }, 'BALANCES_UNREADABLE', true],
    ['not given', { balances: { b: failure('BANK_UNAVAILABLE') } }, 'BALANCES_NOT_GIVEN', true],
    [
      'refused for it alone',
      { balances: { b: { balances: [], faults: [{ path: 'balances', kind: 'refused' }] } } },
      null,
      false,
    ],
    ['none', { balances: { b: { balances: [], faults: [] } } }, null, false],
  ])('balances %s: what is stored stays, and the transactions are whole', async (_what, script, code, isPartial) => {
    const { port } = scriptedPort({ accounts, ...script });
    const { accounts: fetched, partial } = await fetchBankData(port, plan());
    expect(fetched[1]).toMatchObject({ balances: null, complete: true, transactions: [{}] });
    expect(fetched[1]?.problem?.code ?? null).toBe(code);
    expect(partial).toBe(isPartial);
  });

  it('an account that could not be listed makes the login partial', async () => {
    const { port } = scriptedPort({ accounts, list: { faults: [{ path: 'accounts.1', kind: 'not_an_object' }] } });
    expect(await fetchBankData(port, plan())).toMatchObject({
      partial: true,
      complete: true,
      faults: [{ path: 'accounts.1' }],
    });
  });

  it('a list that broke off says nothing of the accounts that are not in it', async () => {
    const { port } = scriptedPort({ accounts, list: { complete: false } });
    expect(await fetchBankData(port, plan())).toMatchObject({ partial: true, complete: false });
  });

  it('a blocked account that gives nothing is no problem, and no failure', async () => {
    const blocked = bankAccount({ resourceId: 'b', state: 'BLOCKED' });
    const script = { pages: { b: [failure('REQUEST_REFUSED')] } };
    const { accounts: fetched, partial } = await fetchBankData(
      scriptedPort({ accounts: [blocked], ...script }).port,
      plan(),
    );
    expect(fetched).toMatchObject([{ problem: null, complete: false, transactions: [] }]);
    expect(partial).toBe(false);
  });
});

describe('what concerns the login as a whole', () => {
  it.each<BankFailureCode>([
    'CONSENT_EXPIRED',
    'CONSENT_INVALID',
    'CREDENTIALS_INVALID',
    'ACCESS_EXCEEDED',
    'CERTIFICATE_REJECTED',
    'SIGNATURE_REJECTED',
  ])('%s of one account rejects, and nothing more is asked', async (code) => {
    const { port, calls } = scriptedPort({
      accounts,
      pages: { a: [failure(code)], b: ['silence'], c: [page(), 'silence', page()] },
    });
    await expect(fetchBankData(port, plan())).rejects.toMatchObject({ code });
    expect(calls.filter((call) => call.startsWith('transactions'))).toHaveLength(3);
  });

  it('every account failing rejects with the first failure', async () => {
    const pages = {
      a: [failure('REQUEST_REFUSED')],
      b: [failure('BANK_UNAVAILABLE')],
      c: [failure('MALFORMED_REPLY')],
    };
    await expect(fetchBankData(scriptedPort({ accounts, pages }).port, plan())).rejects.toMatchObject({
      code: 'REQUEST_REFUSED',
    });
  });

  it('no account that can be read rejects, with the reason', async () => {
    const faults = [{ path: 'accounts.0.resourceId', kind: 'missing' }];
    const { port } = scriptedPort({ accounts: [], list: { faults } });
    await expect(fetchBankData(port, plan())).rejects.toMatchObject({ code: 'MALFORMED_REPLY', details: { faults } });
  });

  it('the ledger’s refusal comes before any call for data', async () => {
    const { port, calls } = scriptedPort({ accounts });
    const beforeAccount = async ({ resourceId }: BankAccount) => {
      if (resourceId === 'c') throw new LimitReached('ACCESS_LIMIT', 'none left', new Date());
    };
    await expect(fetchBankData(port, plan({ beforeAccount }))).rejects.toMatchObject({ code: 'ACCESS_LIMIT' });
    expect(calls).toEqual([]);
  });

  it('an interruption rejects with its reason', async () => {
    const { port } = scriptedPort({ accounts, pages: { b: ['silence'] } });
    const controller = new AbortController();
    const reason = new Error('stopping');
    const fetching = fetchBankData(port, plan({ access: { credentials, psu: null, signal: controller.signal } }));
    controller.abort(reason);
    await expect(fetching).rejects.toBe(reason);
  });

  it('a fault of ours rejects', async () => {
    const { port } = scriptedPort({ accounts, pages: { b: [new TypeError('a bug')] } });
    await expect(fetchBankData(port, plan())).rejects.toBeInstanceOf(TypeError);
  });
});

it('when the time is over, what was read stays, and the others are told', async () => {
  const { port } = scriptedPort({ accounts, pages: { b: ['silence'], c: [page(), 'silence'] } });
  const controller = new AbortController();
  const fetching = fetchBankData(port, plan({ access: { credentials, psu: null, signal: controller.signal } }));
  setImmediate(() => controller.abort(new DOMException('The time is over.', 'TimeoutError')));
  const { accounts: fetched } = await fetching;
  expect(fetched.map(({ problem, transactions }) => [problem?.code ?? null, transactions.length])).toEqual([
    [null, 1],
    ['TIMED_OUT', 0],
    ['TIMED_OUT', 1],
  ]);
});

it('balances and first pages of all accounts are asked for before any has answered', async () => {
  const controller = new AbortController();
  const asked: string[] = [];
  const port = {
    listAccounts: async () => ({ accounts, faults: [], complete: true }),
    async readBalances({ resourceId }: BankAccount, access: never) {
      asked.push(`balances ${resourceId}`);
      return await silence(access);
    },
    async *listTransactions({ resourceId }: BankAccount, _query: unknown, access: never) {
      asked.push(`transactions ${resourceId}`);
      yield await silence(access);
    },
  } as unknown as BankPort;
  const fetching = fetchBankData(port, plan({ access: { credentials, psu: null, signal: controller.signal } }));
  setImmediate(() => controller.abort(new Error('enough')));
  await expect(fetching).rejects.toThrow('enough');
  expect(asked.sort()).toEqual([
    'balances a',
    'balances b',
    'balances c',
    'transactions a',
    'transactions b',
    'transactions c',
  ]);
});

describe('a period that the bank refuses', () => {
  const tooOld = failure('REQUEST_REFUSED', { concernsPeriod: true });

  it.each([tooOld, failure('BANK_UNAVAILABLE', { concernsPeriod: true })])(
    'is asked for once more, shorter, and counted before',
    async (refused) => {
      const counted: string[] = [];
      const { port, calls } = scriptedPort({
        accounts: accounts.slice(0, 1),
        pages: { a: (dateFrom) => (dateFrom < '2025' ? [refused] : [page()]) },
      });
      const beforeFallback = async () => void counted.push(...calls);
      const { accounts: fetched, partial } = await fetchBankData(port, plan({ beforeFallback }));
      expect(fetched).toMatchObject([{ from: '2025-12-11', transactions: [{}], problem: null, complete: true }]);
      expect(partial).toBe(false);
      expect(counted).not.toContain('transactions a 2025-12-11');
    },
  );

  it('is not, where it is as short already', async () => {
    const { port, calls } = scriptedPort({ accounts: accounts.slice(0, 1), pages: { a: [tooOld] } });
    await expect(fetchBankData(port, plan({ since: () => '2025-12-11' }))).rejects.toBe(tooOld);
    expect(calls).toEqual(['transactions a 2025-12-11', 'balances a']);
  });

  it('is what the page says, where the bank gives no more', async () => {
    const { port } = scriptedPort({ accounts: accounts.slice(0, 1), pages: { a: [page({ from: '2026-02-08' })] } });
    expect((await fetchBankData(port, plan())).accounts).toMatchObject([{ from: '2026-02-08' }]);
  });
});

it('the transactions of all accounts are asked for before balances, since further pages may follow them', async () => {
  const { port, calls } = scriptedPort({ accounts: accounts.slice(0, 2), pages: {} });
  await fetchBankData(port, plan());
  expect(calls.map((call) => call.split(' ').slice(0, 2).join(' '))).toEqual([
    'transactions a',
    'transactions b',
    'balances a',
    'balances b',
  ]);
});

it('an account without a single page is whole, and empty', async () => {
  const { port } = scriptedPort({ accounts: accounts.slice(0, 1), pages: { a: [] } });
  expect(await fetchBankData(port, plan())).toMatchObject({
    accounts: [{ transactions: [], complete: true, coversPending: true, problem: null }],
    partial: false,
  });
});

it('pending transactions are covered where a page says so', async () => {
  const pages = { a: [page({ coversPending: false })], b: [page({ coversPending: false }), page()] };
  const { accounts: fetched } = await fetchBankData(scriptedPort({ accounts, pages }).port, plan());
  expect(fetched.map(({ coversPending }) => coversPending)).toEqual([false, true, true]);
});

it('operators are told what was left out, by kind of thing, and true counts', async () => {
  const { port } = scriptedPort({
    accounts,
    list: { faults: [{ path: 'accounts.9', kind: 'not_an_object' }] },
    balances: {
      a: { balances: [], faults: [{ path: 'balances.0.balanceType', kind: 'missing' }] },
      b: { balances: [], faults: [{ path: 'balances', kind: 'refused' }] },
    },
    pages: { b: [page({ faults: [fault], skippedRows: 2_000 })], c: [failure('REQUEST_REFUSED')] },
  });
  const leftOut = toLeftOut(await fetchBankData(port, plan()));
  expect(leftOut).toMatchObject([
    { what: 'account', count: 1 },
    { what: 'balance', count: 1 },
    { what: 'row', count: 2_000, faults: [fault] },
    { what: 'call', count: 1 },
  ]);
});

it('the codes of problems are a closed list', () => {
  expect(accountProblemCodes).toEqual([
    'TRANSACTIONS_REFUSED',
    'TRANSACTIONS_UNREADABLE',
    'BANK_UNAVAILABLE',
    'TIMED_OUT',
    'PAGE_REFUSED',
    'ROWS_SKIPPED',
    'BALANCES_UNREADABLE',
    'BALANCES_NOT_GIVEN',
  ]);
});
