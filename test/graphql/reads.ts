import { readdir, readFile } from 'node:fs/promises';
import { type DocumentNode, type ExecutionResult, execute, Kind, parse, validate } from 'graphql';
import { expect } from 'vitest';
import { createContext } from '../../src/graphql/context.ts';
import { idOf } from '../support/client-data.ts';
import type { WholeApi } from '../support/whole-api.ts';

/** What a client reads, of the client whose rows are named after a tag. */
export interface Read {
  name: string;
  /** The most statements that it may take. */
  most: number;
  document: DocumentNode;
  operationName: string | null;
  variables: (tag: string) => Record<string, unknown>;
}

const operations = new URL('../../schema/operations/', import.meta.url);

/** The operations that clients begin with, by name: what is read, and the most statements that it may take. */
export const saved: Record<string, [most: number, variables: (tag: string) => Record<string, unknown>]> = {
  CurrentSynchronizationCycle: [1, () => ({})],
  Deliveries: [5, (tag) => ({ endpointId: idOf(tag, 'webhookEndpoint'), first: 50 })],
  Events: [6, () => ({ first: 100 })],
  LoginsSynchronizationStatus: [9, (tag) => ({ userId: idOf(tag, 'user') })],
  SynchronizationCycles: [2, () => ({ first: 50 })],
  SynchronizationSession: [2, (tag) => ({ id: idOf(tag, 'synchronizationSession') })],
};

/** Lists within lists, as a page of an application asks for them. */
const nested: [name: string, most: number, query: string, variables?: (tag: string) => Record<string, unknown>][] = [
  [
    'users, logins, accounts',
    6,
    '{ users(first: 50) { nodes { id bankLogins { id bank { name } consent { id } accounts { id } } } } }',
  ],
  [
    'users, logins, accounts, transactions, account',
    9,
    `{ users(first: 50) { nodes { bankLogins { accounts { transactions(first: 5, status: BOOKED) {
      nodes { id amount { amount } account { id bankLogin { user { id } } } } pageInfo { hasNextPage } } } } } } }`,
  ],
  [
    'users, status of every login',
    9,
    '{ users(first: 50) { nodes { bankLogins { synchronizationStatus { status bankLogin { id } nextSynchronization { position } } } } } }',
  ],
  ['users, next synchronization', 4, '{ users(first: 50) { nodes { nextSynchronization { estimatedAt } } } }'],
  [
    'endpoints, deliveries, events, attempts',
    10,
    `{ webhookEndpoints(first: 50) { nodes { deliveries(first: 50) { nodes { id attempts { error } endpoint { url }
      event { id type ... on BankLoginSynchronized { user { id } bankLogin { id bank { name } } } } } } } } }`,
  ],
  [
    'events, accounts, transactions, account',
    12,
    `{ events(first: 100) { nodes { id ... on BankLoginSynchronized { user { externalId } bankLogin { user { id } consent { id } }
      accounts { account { id iban bankLogin { id } } newTransactions { id account { id } } } } ... on WebhookEndpointDisabled
      { endpoint { id } } ... on SynchronizationCycleCompleted { cycle { id usersEnrolled } } } } }`,
  ],
  ['cycles', 2, '{ synchronizationCycles(first: 50) { nodes { usersEnrolled usersFailed usersSkipped } } }'],
  ['banks', 1, '{ banks(first: 50) { nodes { name } } }'],
  ['viewer, keys', 3, '{ viewer { id apiKeys { id name } } }'],
  [
    'an account with a page of its transactions',
    1,
    `query ($id: ID!) { node(id: $id) { ...Page } } fragment Page on Node { id ... on Account { transactions(first: 50,
      bookedFrom: "2020-01-01") { nodes { id amount { amount } } pageInfo { hasNextPage endCursor } } } }`,
    (tag) => ({ id: idOf(tag, 'account') }),
  ],
];

export async function listReads(): Promise<Read[]> {
  const ofOperations = (await listSavedQueries()).flatMap(({ name, document }) => {
    const [most, variables] = saved[name] ?? [];
    return most && variables ? [{ name, most, document, operationName: name, variables }] : [];
  });
  const ofLists = nested.map(([name, most, query, variables = () => ({})]) => ({
    name,
    most,
    document: parse(query),
    operationName: null,
    variables,
  }));
  return [...ofOperations, ...ofLists];
}

export async function listSavedQueries(): Promise<{ name: string; document: DocumentNode }[]> {
  const files = await readdir(operations);
  const documents = await Promise.all(
    files.map(async (file) => parse(await readFile(new URL(file, operations), 'utf8'))),
  );
  return documents.flatMap((document) =>
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.OPERATION_DEFINITION && definition.operation === 'query'
        ? [{ name: definition.name?.value ?? '', document }]
        : [],
    ),
  );
}

/** Fails with what is wrong in the answer. */
export async function runRead({ schema, source }: WholeApi, read: Read, tag: string): Promise<void> {
  const { document, operationName } = read;
  expect({ [read.name]: validate(schema, document) }).toEqual({ [read.name]: [] });
  const viewer = {
    clientId: idOf(tag, 'client'),
    keyId: idOf(tag, 'apiKey'),
    scopes: ['CLIENT'] as const,
    expiresAt: null,
  };
  const answer: ExecutionResult = await execute({
    schema,
    document,
    operationName,
    variableValues: read.variables(tag),
    contextValue: createContext(source, { viewer, requestId: 'req_count' }),
  });
  expect({ [read.name]: answer.errors }).toEqual({ [read.name]: undefined });
}
