import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { findBroken, findSurprising, listDeprecations } from './api-changes.ts';

const releases = new URL('released/', import.meta.url);
const present = await readFile(new URL('../../schema/schema.graphql', import.meta.url), 'utf8');
const versions = (await readdir(releases))
  .map((file) => file.replace(/\.graphql$/, ''))
  .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
const today = new Date().toISOString().slice(0, 10);
const readRelease = (version: string | undefined) => readFile(new URL(`${version}.graphql`, releases), 'utf8');

/** Since the last release, with what was done for the clients that it may surprise. Emptied by a release. */
const accepted: Record<string, string> = {
  'An optional arg first on SynchronizedAccount.newTransactions was added.': 'longer lists say that they are cut',
  'An optional arg first on SynchronizedAccount.updatedTransactions was added.': 'longer lists say that they are cut',
  'An optional arg since on Query.events was added.': 'only who gives it begins elsewhere',
  'An optional arg since on Subscription.events was added.': 'only who gives it begins elsewhere',
  ...Object.fromEntries(
    ['Account.transactions', 'WebhookEndpoint.deliveries', 'Query.banks', 'Query.synchronizationCycles', 'Query.users']
      .concat('Query.webhookEndpoints')
      .flatMap((list) => ['last', 'before'].map((name) => `An optional arg ${name} on ${list} was added.`))
      .map((change) => [change, 'only who gives it reads backwards']),
  ),
  'An optional field idempotencyKey on input type CreateManagementSessionInput was added.': 'only who gives it has it',
  'ConflictError was added to union type CreateManagementSessionResult.': 'only who gives an idempotencyKey meets it',
  'An optional arg allowedNetworks on Mutation.createApiKey was added.': 'a key without networks works from anywhere',
  'An optional arg idempotencyKey on Mutation.createApiKey was added.': 'only who gives it has it',
  'An optional arg idempotencyKey on Mutation.createClient was added.': 'only who gives it has it',
  'An optional arg idempotencyKey on Mutation.rotateWebhookSecret was added.': 'only who gives it has it',
  'An optional arg idempotencyKey on Mutation.runSynchronizationCycle was added.': 'only who gives it has it',
  'An optional arg idempotencyKey on Mutation.sendTestEvent was added.': 'only who gives it has it',
  'An optional field idempotencyKey on input type CreateWebhookEndpointInput was added.': 'only who gives it has it',
  'JWS_ES256 was added to enum type SignatureAlgorithm.': 'only who chooses it has it',
  'CLIENT_READ was added to enum type ApiKeyScope.': 'only an operator makes such keys',
  'ConflictError was added to union type CreateApiKeyResult.': 'only who gives an idempotencyKey meets it',
  'ConflictError was added to union type CreateClientResult.': 'only who gives an idempotencyKey meets it',
  'ConflictError was added to union type CreateWebhookEndpointResult.': 'only who gives an idempotencyKey meets it',
  'ConflictError was added to union type RotateWebhookSecretResult.': 'only who gives an idempotencyKey meets it',
  'ValidationError was added to union type RunSynchronizationCycleResult.': 'only who gives an idempotencyKey meets it',
  'ValidationError was added to union type SendTestEventResult.': 'only who gives an idempotencyKey meets it',
};

test('the API breaks nothing that the last release promised', async () => {
  expect(findBroken(await readRelease(versions.at(-1)), present, today)).toEqual([]);
});

test('what may surprise a client of the last release was thought about', async () => {
  const surprising = findSurprising(await readRelease(versions.at(-1)), present);
  expect(surprising.sort()).toEqual(Object.keys(accepted).sort());
});

test('what is deprecated says what to use instead, and until when it stays', () => {
  const vague = listDeprecations(present).filter(
    ({ reason, until }) => until === null || !/\b(use|ask|give|instead)\b/i.test(reason),
  );
  expect(vague).toEqual([]);
});

test('the version of the package has not fallen behind the releases', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  expect([...versions, version].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)).toBe(version);
});

describe('a change is found that', () => {
  const released = `
    type Query { user(id: ID!, size: Int = 1): User old: Int @deprecated(reason: "Use user; removed not before 2027-06-30.") vague: Int @deprecated(reason: "Use user.") }
    type User { id: ID! name: String }
    enum Kind { A B }
    input In { a: Int! b: Kind }
    union Result = User
    type Mutation { go(input: In): Result }`;

  const broken: [what: string, from: string, to: string][] = [
    ['takes a field away', 'name: String', ''],
    ['makes a field nullable', 'id: ID! name', 'id: ID name'],
    ['changes the type of a field', 'name: String', 'name: Int'],
    ['takes an argument away', ', size: Int = 1', ''],
    ['asks for one more argument', 'id: ID!, size', 'id: ID!, more: Int!, size'],
    ['takes a value of an enum away', 'A B }', 'A }'],
    ['asks for one more field of an input', 'b: Kind }', 'b: Kind c: Int! }'],
    ['takes a type away', 'enum Kind { A B }\n    input In { a: Int! b: Kind }', 'input In { a: Int! b: Int }'],
  ];
  test.each(broken)('%s', (_what, from, to) => {
    expect(released).toContain(from);
    expect(findBroken(released, released.replace(from, to), today)).not.toEqual([]);
  });

  test.each([
    ['adds a value to an enum', 'A B }', 'A B C }'],
    ['adds a member to a union', 'Result = User', 'Result = User | Other type Other { id: ID! }'],
    ['changes a default', 'size: Int = 1', 'size: Int = 2'],
  ])('%s', (_what, from, to) => {
    expect(findSurprising(released, released.replace(from, to))).not.toEqual([]);
  });

  test('takes away what was deprecated is none from the day on that it named', () => {
    const without = released.replace(/old: Int @deprecated\(.*?\)/, '');
    expect(findBroken(released, without, '2027-06-30')).toEqual([]);
    expect(findBroken(released, without, '2027-06-29')).toEqual(['Query.old was removed.']);
    expect(findBroken(released, released.replace(/vague: Int @deprecated\(.*?\)/, ''), '2099-01-01')).not.toEqual([]);
  });

  test('only adds is none', () => {
    const added = released
      .replace('name: String', 'name: String more: Int')
      .replace('size: Int', 'sort: Int, size: Int');
    expect(findBroken(released, added, today)).toEqual([]);
  });
});
