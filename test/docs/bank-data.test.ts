import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { accountFields } from '../../src/domain/account-fields.ts';
import { balanceFields, balanceRecordFields } from '../../src/domain/balance-fields.ts';
import type { FieldTable } from '../../src/domain/field-table.ts';
import { transactionTable } from '../../src/domain/transaction-fields.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { accountProblemCodes, toAccountProblem } from '../../src/sync/account-problem.ts';
import { getDocBlock, readDocBlocks } from '../support/doc-blocks.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = 'docs/bank-data.md';

test.each<[heading: string, table: FieldTable]>([
  ['Transactions', transactionTable],
  ['Accounts', accountFields],
  ['Balances', { ...balanceFields, ...balanceRecordFields }],
])('%s: the page has every field, as it is described everywhere', async (heading, table) => {
  const text = await readFile(join(root, page), 'utf8');
  const [, section = ''] = text.split(`## ${heading}\n`);
  const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `(\w+)` +\| (.*?) +\|$/gm)];
  expect(rows.map(([, name, description]) => [name, description])).toEqual(
    Object.entries(table).map(([name, { description }]) => [name, description]),
  );
});

test('the page has every problem of an account', async () => {
  const text = await readFile(join(root, page), 'utf8');
  const rows = [...text.matchAll(/^\| `([A-Z_]+)` +\| (.*?) +\|$/gm)].map(([, code, words]) => [code, words]);
  expect(rows).toEqual(accountProblemCodes.map((code) => [code, toAccountProblem([code])?.message]));
});

test.each(['balance-history.graphql', 'problems.graphql'])('%s fits the API', async (name) => {
  const { code } = getDocBlock(await readDocBlocks(page), name);
  expect(validate(createSchema(), parse(code))).toEqual([]);
});
