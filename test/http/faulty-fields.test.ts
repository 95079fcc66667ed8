import { isUnionType } from 'graphql';
import { describe, expect, test } from 'vitest';
import { openTestApi } from '../support/api-fixture.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { openWholeApi } from '../support/whole-api.ts';

interface FaultyCall {
  args: string;
  paths: string[];
}

const tooLong = JSON.stringify('x'.repeat(501));

/** Every mutation that may end with a ValidationError, each of its fields faulty at once. A new one is to be written here. */
const faultyCalls: Record<string, FaultyCall> = {
  createApiKey: {
    args: 'clientId: "cli_none", name: " ", scopes: [], expiresAt: "2001-01-01T00:00:00Z"',
    paths: ['name', 'scopes', 'expiresAt'],
  },
  createClient: { args: 'name: ""', paths: ['name'] },
  createConnectSession: {
    args: `input: { userId: "usr_none", bankId: "bank_none", returnUrl: "https://evil.example/", idempotencyKey: ""
      user: { externalId: "", idempotencyKey: ${tooLong} } }`,
    paths: [
      'input.returnUrl',
      'input.bankId',
      'input.user.externalId',
      'input.user.idempotencyKey',
      'input.idempotencyKey',
      'input.userId',
    ],
  },
  createManagementSession: {
    args: 'input: { userId: "usr_none", returnUrl: "no address", idempotencyKey: "" }',
    paths: ['input.returnUrl', 'input.idempotencyKey'],
  },
  createSynchronizationSession: {
    args: `input: { bankLoginId: "LOGIN", psuIpAddress: "300.1.1.1", returnUrl: "https://evil.example/", idempotencyKey: "" }`,
    paths: ['input.psuIpAddress', 'input.idempotencyKey', 'input.returnUrl'],
  },
  createUser: {
    args: `input: { externalId: "", idempotencyKey: ${tooLong} }`,
    paths: ['input.externalId', 'input.idempotencyKey'],
  },
  createWebhookEndpoint: {
    args: `input: { url: "ftp://example.com", types: [], description: ${tooLong}, rateLimit: 0
      document: "subscription { events { nothing noneEither } }"
      headers: [{ name: "Host", value: "\\n" }, { name: "X-A", value: "1" }, { name: "x-a", value: "2" }] }`,
    paths: [
      'input.url',
      'input.types',
      'input.headers.0.name',
      'input.headers.0.value',
      'input.headers.2.name',
      'input.document',
      'input.document',
      'input.description',
      'input.rateLimit',
    ],
  },
  recoverDeliveries: { args: 'endpointId: "whe_none", since: "2101-01-01T00:00:00Z"', paths: ['since'] },
  renameClient: { args: 'id: "cli_none", name: ""', paths: ['name'] },
  rotateApiKey: { args: 'overlapSeconds: -1', paths: ['overlapSeconds'] },
  rotateWebhookSecret: { args: 'id: "whe_none", overlapSeconds: -1', paths: ['overlapSeconds'] },
  runSynchronizationCycle: { args: 'idempotencyKey: ""', paths: ['idempotencyKey'] },
  sendTestEvent: { args: 'endpointId: "ENDPOINT", idempotencyKey: ""', paths: ['idempotencyKey'] },
  updateClient: {
    args: 'returnOrigins: ["https://app.example.com", "app.example.com", "https://app.example.com/path"]',
    paths: ['returnOrigins.1', 'returnOrigins.2'],
  },
  updateUser: { args: 'input: { id: "USER", externalId: "" }', paths: ['input.externalId'] },
  updateWebhookEndpoint: {
    args: `input: { id: "ENDPOINT", url: "ftp://example.com", types: [WEBHOOK_TEST, WEBHOOK_TEST], rateLimit: 1001
      description: ${tooLong}, document: "{ viewer { id } }", headers: [{ name: "", value: "" }] }`,
    paths: [
      'input.url',
      'input.types.1',
      'input.headers.0.name',
      'input.document',
      'input.description',
      'input.rateLimit',
    ],
  },
};

async function openApi() {
  const database = await openTestDatabase();
  const { source, schema, clock } = openWholeApi(database);
  const clientId = await insertClient(database, clock.now());
  const key = { id: 'key_1', clientId, name: 'The caller', prefix: 'tw_test', hash: 'hash', createdAt: clock.now() };
  await database.prisma.apiKey.create({ data: { ...key, scopes: ['CLIENT', 'OPERATOR'] } });
  const { userId, loginId } = await insertEnrolledUser(database, { clientId, now: clock.now() });
  const { endpoint } = await source.services.webhooks.create(clientId, { url: 'http://127.0.0.1:9/' });
  const api = await openTestApi({ services: source.services, prisma: database.prisma, clientId });
  const known: Record<string, string> = { USER: userId, LOGIN: loginId, ENDPOINT: endpoint.id };
  return {
    api,
    schema,
    call: async (mutation: string, args: string) => {
      const given = args.replace(/"([A-Z]+)"/, (whole, name: string) => (known[name] ? `"${known[name]}"` : whole));
      const answer = await api.request(`mutation { ${mutation}(${given}) {
        __typename ... on ValidationError { fields { path message } } } }`);
      expect(answer.errors, mutation).toBeUndefined();
      return answer.data[mutation];
    },
  };
}

describe('faulty input', () => {
  test('is refused with every faulty field at once, by every mutation', async () => {
    const { schema, call } = await openApi();
    const mutations = Object.values(schema.getMutationType()?.getFields() ?? {}).filter(({ type }) => {
      const result = 'ofType' in type ? type.ofType : type;
      return isUnionType(result) && result.getTypes().some(({ name }) => name === 'ValidationError');
    });
    expect(mutations.map(({ name }) => name).sort()).toEqual(Object.keys(faultyCalls).sort());
    for (const [mutation, { args, paths }] of Object.entries(faultyCalls)) {
      const result = await call(mutation, args);
      expect(result, mutation).toMatchObject({ __typename: 'ValidationError' });
      const fields = result.fields as { path: string; message: string }[];
      expect(
        fields.map(({ path }) => path),
        mutation,
      ).toEqual(paths);
      expect(fields.every(({ message }) => message !== '')).toBe(true);
    }
  });

  test('that does not fit the schema is told of every variable at once too', async () => {
    const { api } = await openApi();
    const { errors } = await api.request(
      `mutation ($since: DateTime!, $input: CreateUserInput!, $endpointId: ID!) {
        recoverDeliveries(endpointId: $endpointId, since: $since) { __typename } createUser(input: $input) { __typename } }`,
      { since: 'yesterday', input: { recurring: 'often', type: 'ROBOT' }, endpointId: null },
    );
    const messages = (errors ?? []).map(({ message }) => message as string);
    for (const name of ['"$since"', 'input.recurring', 'input.type', '"$endpointId"']) {
      expect(
        messages.some((message) => message.includes(name)),
        `${name}: ${messages.join(' | ')}`,
      ).toBe(true);
    }
  });
});
