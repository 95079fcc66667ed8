import { expect, it } from 'vitest';
import { createAccountStore } from '../../src/accounts/account-store.ts';
import { findChangedBalances } from '../../src/accounts/balance-changes.ts';
import { createBankDataStore } from '../../src/accounts/bank-data-store.ts';
import { type Balance, balanceFields } from '../../src/domain/balance-fields.ts';
import { absentValues } from '../../src/domain/field-table.ts';
import { Prisma } from '../../src/storage/database.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { givenChange } from './given-transactions.ts';

const now = new Date('2026-03-10T10:00:00Z');

function balance(amount: string, given: Partial<Balance> = {}): Balance {
  return {
    ...absentValues(balanceFields),
    type: 'expected',
    amount: { amount, currency: 'EUR' },
    observedAt: now.toISOString(),
    ...given,
  };
}

it.each<[what: string, stored: Balance[], given: Balance[], changed: number]>([
  ['one that was not there', [], [balance('1.00')], 1],
  ['another amount', [balance('1.00')], [balance('2.00')], 1],
  ['a credit line that is counted in now', [balance('1.00')], [balance('1.00', { creditLimitIncluded: true })], 1],
  ['the same amount of another type', [balance('1.00')], [balance('1.00', { type: 'closingBooked' })], 1],
  ['nothing in the same amount', [balance('1.00')], [balance('1.00')], 0],
  [
    'nothing in the same amount of another day',
    [balance('1.00')],
    [balance('1.00', { referenceDate: '2026-03-10', lastChangedAt: now.toISOString() })],
    0,
  ],
])('a balance has changed by %s', (_what, stored, given, changed) => {
  expect(findChangedBalances(stored, given)).toHaveLength(changed);
});

it('the history has a row per change, newest first, of all types or of one, for its own client alone', async () => {
  const database = await openTestDatabase();
  const clientId = await insertClient(database, now);
  const { loginId: bankLoginId } = await insertEnrolledUser(database, { clientId, now });
  const bankData = createBankDataStore(database);
  for (const amount of ['1.00', '2.00', '3.50']) {
    const balances = [balance(amount), balance(amount, { type: 'closingBooked', referenceDate: '2026-03-09' })];
    const ctes = bankData.storeCtes(
      { clientId, bankLoginId, version: 1, now },
      [givenChange({ balances, changedBalances: balances })],
      Prisma.sql`true`,
    );
    await database.query(Prisma.sql`WITH ${ctes} SELECT 1`);
  }
  const { listBalanceHistory } = createAccountStore(database);
  const amounts = async (type: string | null, after: { id: string } | null = null, asked = clientId) => {
    const rows = (await listBalanceHistory(asked, ['acc_1'], { type, after, limit: 4 })).get('acc_1') ?? [];
    return rows.map(({ id, amount, type: of, referenceDate }) => ({ id, row: [of, amount.amount, referenceDate] }));
  };
  const all = await amounts(null);
  expect(all.map(({ row }) => row)).toEqual([
    ['closingBooked', '3.50', '2026-03-09'],
    ['expected', '3.50', null],
    ['closingBooked', '2.00', '2026-03-09'],
    ['expected', '2.00', null],
  ]);
  expect((await amounts(null, all[3])).map(({ row }) => row[1])).toEqual(['1.00', '1.00']);
  expect((await amounts('expected')).map(({ row }) => row[1])).toEqual(['3.50', '2.00', '1.00']);
  expect(await amounts(null, null, 'cli_other')).toEqual([]);
  const [account] = await database.prisma.account.findMany();
  expect(account?.balances).toMatchObject([{ amount: { amount: '3.50' } }, { type: 'closingBooked' }]);
});
