import { expect, test } from 'vitest';
import { openTestApi } from '../support/api-fixture.ts';

// A compiler of queries once wrote literal texts into code, and made an expression of what stood behind its own mark.
test.each([
  '__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74dglobalThis.codeOfACaller = 1',
  '"); globalThis.codeOfACaller = 1; ("',
  "'+(globalThis.codeOfACaller = 1)+'",
  '\\u0022\\u2028globalThis.codeOfACaller = 1',
])('a text of a caller is never run as code, however often it comes: %s', async (text) => {
  const api = await openTestApi({ services: { users: { find: async () => null } } });
  const literal = JSON.stringify(text);
  for (const query of [`{ user(id: ${literal}) { id } }`, `query Q($id: ID! = ${literal}) { user(id: $id) { id } }`]) {
    for (let n = 0; n < 6; n++) expect((await api.request(query)).data).toEqual({ user: null });
    expect(globalThis).not.toHaveProperty('codeOfACaller');
  }
});

test('an error is told once, in the order of the document, and its resolver runs once, however often the query comes', async () => {
  const asked: string[] = [];
  const find = async (_clientId: string, id: string) => {
    asked.push(id);
    if (id.startsWith('usr_broken')) throw new Error('secret detail');
    return null;
  };
  const api = await openTestApi({ services: { users: { find } } });
  const query = '{ a: user(id: "usr_broken_1") { id } b: user(id: "usr_2") { id } c: user(id: "usr_broken_3") { id } }';
  for (let n = 0; n < 6; n++) {
    asked.length = 0;
    const { data, errors } = await api.request(query);
    expect(data).toEqual({ a: null, b: null, c: null });
    expect(errors?.map(({ path, message }) => [...path, message])).toEqual([
      ['a', 'Unexpected error.'],
      ['c', 'Unexpected error.'],
    ]);
    expect(asked).toEqual(['usr_broken_1', 'usr_2', 'usr_broken_3']);
  }
});
