import { expect, test } from 'vitest';
import { createAccountStore } from '../../src/accounts/account-store.ts';
import { eventCatalogue } from '../../src/events/event-catalogue.ts';
import { insertLogin, useStoredApi } from '../support/api-fixture.ts';

const api = useStoredApi((database) => ({ accounts: createAccountStore(database) }));

const fields = 'nodes { kind transactionId transaction { id } } pageInfo { hasNextPage endCursor }';

async function append(accounts: object[]): Promise<string> {
  const { example } = eventCatalogue.BANK_LOGIN_SYNCHRONIZED;
  return await api.eventLog.commit(async (_tx, write) =>
    write({
      ...{ clientId: api.clientId, type: 'BANK_LOGIN_SYNCHRONIZED', occurredAt: api.clock.now() },
      data: { ...example, accounts: accounts as typeof example.accounts },
    }),
  );
}

test('the changes of an event are given; of one from before the list existed, and of none, it is said where to look', async () => {
  const { bankLoginId, accountId } = await insertLogin(api.database, api.clientId, api.clock.now());
  const [account] = eventCatalogue.BANK_LOGIN_SYNCHRONIZED.example.accounts as [object];
  const none = { newTransactions: [], updatedTransactions: [], removedTransactionIds: [] };
  const [old, quiet, listed] = [
    await append([account]),
    await append([{ ...account, ...none }]),
    await append([account]),
  ];
  const position = await api.eventLog.findPosition(api.clientId, listed);
  const set = { clientId: api.clientId, position: position ?? 0n, bankLoginId, version: 5 };
  await api.database.prisma.transactionChangeSet.create({ data: set });
  const ask = (eventId: string) => api.request(`{ transactionChanges(eventId: "${eventId}") { ${fields} } }`);
  // All of it has changed again since.
  const empty = { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };
  expect((await ask(listed)).data.transactionChanges).toEqual(empty);
  const removed = { clientId: api.clientId, accountId, position: position ?? 0n, removedAt: api.clock.now() };
  await api.database.prisma.transactionTombstone.create({ data: { ...removed, transactionId: 'txn_gone' } });
  const { nodes, pageInfo } = (await ask(listed)).data.transactionChanges;
  expect(nodes).toEqual([{ kind: 'REMOVED', transactionId: 'txn_gone', transaction: null }]);
  expect(pageInfo).toEqual({ hasNextPage: false, endCursor: expect.any(String) });
  expect((await ask(quiet)).data.transactionChanges).toEqual(empty);
  expect((await ask(old)).errors?.[0].extensions.code).toBe('CHANGES_NOT_LISTED');
  expect((await ask('evt_unknown')).errors?.[0].extensions.code).toBe('NOT_FOUND');
});

test.each(['nonsense', 'WyJjMSIsIi0xIiwiIl0', Buffer.from('["c1","5","log\\u0000in"]').toString('base64url')])(
  'a cursor that is none of ours, and a page too long, are refused: %s',
  async (cursor) => {
    const { errors } = await api.request(`{ transactionChanges(after: "${cursor}") { ${fields} } }`);
    expect(errors?.[0].extensions.code).toBe('BAD_USER_INPUT');
    const long = await api.request(`{ transactionChanges(first: 501) { ${fields} } }`);
    expect(long.errors?.[0].extensions.code).toBe('BAD_USER_INPUT');
  },
);
