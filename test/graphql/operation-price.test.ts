import { readFile } from 'node:fs/promises';
import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { accountSearchCost, assumedChanges, operationLimits } from '../../src/graphql/limits.ts';
import { priceOperation, refuseOperation } from '../../src/graphql/operation-price.ts';
import { createSchema } from '../../src/graphql/schema.ts';

const schema = createSchema();
const costOf = (text: string) => priceOperation({ schema, document: parse(text) }).cost;
const synchronized = (fields: string) =>
  `{ events(first: 1) { nodes { ... on BankLoginSynchronized { ${fields} } } } }`;

test('the lists of an event are priced by what a synchronization brings', () => {
  const bare = costOf(synchronized('accounts { account { id } }'));
  const withList = (list: string) => costOf(synchronized(`accounts { account { id } ${list} }`));
  // Of each of five accounts.
  expect(withList('newTransactions { id }') - bare).toBe(5 * assumedChanges.newTransactions);
  expect(withList('newTransactions { amount { currency } }') - bare).toBe(10 * assumedChanges.newTransactions);
  // Fewer where fewer are asked for; more than is assumed is counted when it is there.
  expect(withList('newTransactions(first: 3) { id }') - bare).toBe(5 * 3);
  expect(withList('newTransactions(first: 500) { id }') - bare).toBe(5 * assumedChanges.newTransactions);
  expect(withList('updatedTransactions { id }') - bare).toBe(5 * assumedChanges.updatedTransactions);
  expect(withList('removedTransactionIds') - bare).toBe(5 * assumedChanges.removedTransactionIds);
});

test('a page of changes is priced by its length', () => {
  const page = (args: string) =>
    costOf(`{ transactionChanges${args} { nodes { transaction { amount { amount } } } } }`);
  expect(page('(first: 500)')).toBe(500 * 3 + 500);
  expect(page('')).toBe(100 * 3 + 100);
  expect(page('(first: 5000)')).toBe(page('(first: 500)'));
});

test('a value is of one type: of what is asked of several, the dearest counts', () => {
  const connected = '... on BankLoginConnected { accounts { newTransactions { id } } }';
  const other = '... on BankLoginScaRequired { user { id } }';
  const page = (selections: string) => costOf(`{ events(first: 10) { nodes { ${selections} } } }`);
  expect(page(`${connected} ${other}`)).toBe(page(connected));
  expect(page(`${connected} ${connected}`)).toBeGreaterThan(page(connected));
  // What any of them may be counts beside.
  const node = '... on Node { ... on User { bankLogins { id } } }';
  expect(page(`${connected} ${node}`)).toBeGreaterThan(page(connected));
});

test('a search is priced by what it reads, in each account that it reads', () => {
  const costWith = (definition: string, given: string, variables = {}) => {
    const document = parse(`query ${definition} { users(first: 1) { nodes { bankLogins { accounts {
      transactions(first: 10${given}) { nodes { id } } } } } } }`);
    return priceOperation({ schema, document, variables }).cost;
  };
  const bare = costWith('', '');
  expect(costWith('', ', search: "rent"') - bare).toBe(25 * accountSearchCost);
  expect(costWith('($text: String)', ', search: $text', { text: 'rent' }) - bare).toBe(25 * accountSearchCost);
  expect(costWith('($text: String)', ', search: $text', { text: null })).toBe(bare);
  expect(costWith('($text: String)', ', search: $text')).toBe(bare);
});

test('fragments that are spread twice in each other are priced at once, also where a variable decides', () => {
  const levels = Array.from({ length: 150 }, (_, n) => `fragment F${n} on User { ...F${n + 1} ...F${n + 1} }`).join(
    ' ',
  );
  const document = parse(`query ($rows: Int) { users(first: 1) { nodes { ...F0 } } } ${levels}
    fragment F150 on User { bankLogins { accounts { transactions(first: $rows) { nodes { id } } } } }`);
  const refuse = (rows: number) => refuseOperation({ schema, document, variables: { rows } })?.extensions.code;
  expect(refuse(1)).toBe('TOO_COSTLY');
  expect(refuse(100)).toBe('TOO_COSTLY');
});

test('the ready operation reads a page of 100 events, and 20 with everything in them pass', async () => {
  const ready = await readFile(new URL('../../schema/operations/events.graphql', import.meta.url), 'utf8');
  const document = parse(ready);
  const all = { schema, document, operationName: 'Events', variables: { first: 100 } };
  expect(refuseOperation(all)).toBeNull();
  const transaction = 'id amount { amount } account { id balances { amount { amount } } }';
  const everything = (first: number) => `{ events(first: ${first}) { nodes {
    ... on BankLoginSynchronized { user { id } bankLogin { bank { id } consent { id } } accounts {
      account { id balances { amount { amount } } } balances { amount { amount } }
      newTransactions { ${transaction} } updatedTransactions { ${transaction} } removedTransactionIds } } } } }`;
  const ofEvents = `accounts { account { id iban name } balances { type amount { amount currency } }
    newTransactions { id amount { amount currency } account { id } } updatedTransactions { id amount { amount currency } account { id } }
    removedTransactionIds }`;
  const both = `{ events(first: 100) { nodes { ... on BankLoginConnected { user { id } bankLogin { bank { id } } ${ofEvents} }
    ... on BankLoginSynchronized { user { id } bankLogin { bank { id } } ${ofEvents} } } } }`;
  expect(refuseOperation({ schema, document: parse(both) })).toBeNull();
  expect(refuseOperation({ schema, document: parse(everything(20)) })).toBeNull();
  expect(refuseOperation({ schema, document: parse(everything(100)) })?.extensions.code).toBe('TOO_COSTLY');
  expect(costOf(everything(20))).toBeLessThan(operationLimits.cost);
});
