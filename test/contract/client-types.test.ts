import { readFile } from 'node:fs/promises';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { expect, test } from 'vitest';
import { toPossibleTypes, toTypeScript } from '../../src/cli/emit-client-types.ts';
import { Conflict } from '../../src/domain/errors.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { openTestApi } from '../support/api-fixture.ts';

const read = (name: string) => readFile(new URL(`../../schema/${name}`, import.meta.url), 'utf8');

test('what clients generate from is what the code emits: run `npm run schema`', async () => {
  const schema = createSchema();
  expect(toPossibleTypes(schema)).toBe(await read('possibleTypes.json'));
  expect(await toTypeScript(schema)).toBe(await read('types.ts'));
});

const createUser = gql`
  mutation {
    createUser(input: {}) {
      ... on CreateUserPayload {
        user {
          id
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`;

async function createUserBy(cache: InMemoryCache) {
  const users = { createUser: () => Promise.reject(new Conflict('EXTERNAL_ID_TAKEN', 'It is taken.')) };
  const api = await openTestApi({ services: { users } });
  const headers = { authorization: `Bearer ${api.keys.client}` };
  const client = new ApolloClient({ link: new HttpLink({ uri: `${api.url}/graphql`, headers }), cache });
  const { data } = await client.mutate({ mutation: createUser });
  await client.clearStore();
  client.stop();
  return data;
}

test('Apollo Client finds the errors of a mutation with the possible types, and loses them without', async () => {
  const possibleTypes = JSON.parse(await read('possibleTypes.json'));
  const conflict = { __typename: 'ConflictError', code: 'EXTERNAL_ID_TAKEN', message: 'It is taken.' };
  expect(await createUserBy(new InMemoryCache({ possibleTypes }))).toEqual({ createUser: conflict });
  expect(await createUserBy(new InMemoryCache())).toEqual({ createUser: { __typename: 'ConflictError' } });
});

test('an enum that may gain a value has a place for it in the types', async () => {
  expect(await read('types.ts')).toMatch(/export type EventType =(\n.*)*?'%future added value';/);
});
