import { describe, expect, it } from 'vitest';
import { createAccountStore } from '../../src/accounts/account-store.ts';
import { accountColumns, balanceColumns, transactionColumns } from '../../src/accounts/bank-data-columns.ts';
import { createBankDataStore } from '../../src/accounts/bank-data-store.ts';
import { mergeTransactions } from '../../src/accounts/transaction-merge.ts';
import { accountFields } from '../../src/domain/account-fields.ts';
import { balanceFields } from '../../src/domain/balance-fields.ts';
import type { Field, FieldTable } from '../../src/domain/field-table.ts';
import {
  type FetchedTransaction,
  type TransactionField,
  transactionFields,
} from '../../src/domain/transaction-fields.ts';
import { Prisma } from '../../src/storage/database.ts';
import type { Column } from '../../src/storage/field-columns.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { givenChange } from './given-transactions.ts';
import { givenMerge } from './kept-account.ts';
import { givenValue, wholeTransaction } from './whole-transaction.ts';

const now = new Date('2026-03-10T10:00:00Z');

async function openWorld() {
  const database = await openTestDatabase();
  const clientId = await insertClient(database, now);
  const { loginId: bankLoginId } = await insertEnrolledUser(database, { clientId, now });
  const bankData = createBankDataStore(database);
  const store = async (change: Parameters<typeof givenChange>[0]) => {
    const ctes = bankData.storeCtes(
      { clientId, bankLoginId, version: 1, now },
      [givenChange(change)],
      Prisma.sql`true`,
    );
    await database.query(Prisma.sql`WITH ${ctes} SELECT 1`);
  };
  return { database, clientId, bankData, store, accounts: createAccountStore(database) };
}

const ofTable: [string, FieldTable, readonly Column[]][] = [
  ['transactions', transactionFields, transactionColumns.columns],
  ['accounts', accountFields, accountColumns.columns],
  ['balance_changes', balanceFields, balanceColumns.columns],
];

describe('the fields of bank data', () => {
  it.each(ofTable)('have the columns of %s, with their types, null where they may be', async (name, table, columns) => {
    const { database } = await openWorld();
    const rows = await database.query<{ column: string; type: string; nullable: boolean }>(Prisma.sql`
      SELECT attname AS column, format_type(atttypid, null) AS type, NOT attnotnull AS nullable FROM pg_attribute
      WHERE attrelid = ${name}::regclass AND attnum > 0`);
    const present = new Map(rows.map(({ column, ...rest }) => [column, rest]));
    const type = (named: string) => (named === 'timestamptz' ? 'timestamp with time zone' : named);
    for (const column of columns) {
      const field: Field | undefined = table[column.key] ?? table[column.key.replace(/Currency$/, '')] ?? table.amount;
      expect([column.name, present.get(column.name)]).toEqual([
        column.name,
        { type: type(column.type), nullable: field?.nullable },
      ]);
    }
  });
});

describe('what a bank says of a transaction', () => {
  it('comes back whole from where it is merged, listed and found', async () => {
    const { clientId, bankData, store, accounts } = await openWorld();
    const given = wholeTransaction();
    await store({ added: [{ ...given, id: 'txn_1', identity: 't:1', missingSince: null }] });
    const firstSeenAt = now.toISOString();
    const stored = await bankData.listTransactions([{ accountId: 'acc_1', from: '2026-01-01', transactions: [] }]);
    expect(stored.get('acc_1')).toEqual([{ ...given, id: 'txn_1', identity: 't:1', missingSince: null, firstSeenAt }]);
    const filter = { status: null, bookedFrom: null, bookedTo: null, search: null };
    const page = { fields: null, filter, after: null, limit: 10 };
    const shown = { ...given, id: 'txn_1', accountId: 'acc_1', firstSeenAt, updatedAt: firstSeenAt };
    const [listed] = (await accounts.listTransactions(clientId, ['acc_1'], page)).get('acc_1') ?? [];
    expect(listed).toMatchObject(shown);
    expect(await accounts.listTransactionsByIds(clientId, ['txn_1'])).toMatchObject([shown]);
  });

  it('is read of a page as far as it is asked for', async () => {
    const { clientId, store, accounts } = await openWorld();
    const given = wholeTransaction();
    await store({ added: [{ ...given, id: 'txn_1', identity: 't:1', missingSince: null }] });
    const filter = { status: null, bookedFrom: null, bookedTo: null, search: null };
    const names: [TransactionField[], object][] = [
      [[], {}],
      [['amount', 'otherFields'], { amount: given.amount, otherFields: given.otherFields }],
      [['updatedAt'], { updatedAt: now.toISOString() }],
    ];
    for (const [fields, values] of names) {
      const pages = await accounts.listTransactions(clientId, ['acc_1'], { fields, filter, after: null, limit: 10 });
      const place = { id: 'txn_1', accountId: 'acc_1', sortDate: given.bookingDate, snapshot: expect.any(String) };
      expect(pages.get('acc_1')).toEqual([{ ...place, ...values }]);
    }
    const whole = await accounts.listTransactions(clientId, ['acc_1'], {
      fields: null,
      filter,
      after: null,
      limit: 10,
    });
    expect(whole.get('acc_1')).toMatchObject([given]);
  });

  const fields = Object.entries(transactionFields) as [keyof FetchedTransaction, Field][];
  it.each(fields.filter(([name]) => name !== 'status'))(
    'is a change of the transaction when it is another %s',
    (name, field) => {
      const given = wholeTransaction();
      const stored = [{ ...given, id: 'txn_1', identity: `t:${given.bankTransactionId}`, missingSince: null }];
      const changed = { ...given, [name]: givenValue(name, field, 99) };
      const merged = mergeTransactions(givenMerge({ stored, fetched: [changed] }));
      if (name === 'bankTransactionId') return;
      expect(merged.updated).toEqual(
        field.compared ? [{ ...changed, id: 'txn_1', identity: stored[0]?.identity, missingSince: null }] : [],
      );
    },
  );

  it('stays where the bank leaves out what it told before', () => {
    const given = wholeTransaction();
    const stored = [{ ...given, id: 'txn_1', identity: `t:${given.bankTransactionId}`, missingSince: null }];
    for (const [name, { nullable }] of fields) {
      if (!nullable) continue;
      const fetched = [{ ...given, [name]: null }];
      const { added, updated } = mergeTransactions(givenMerge({ stored, fetched }));
      expect([name, added, updated]).toEqual([name, [], []]);
    }
  });
});
