import { createClient } from 'graphql-ws';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { createAccountStore } from '../../src/accounts/account-store.ts';
import { createLoginStore } from '../../src/consent/login-store.ts';
import { eventBounds } from '../../src/events/event-bounds.ts';
import {
  eventCatalogue,
  type SynchronizedAccountData,
  type TransactionData,
} from '../../src/events/event-catalogue.ts';
import { toCursor } from '../../src/events/event-cursor.ts';
import { changePage, eventRowsPerAnswer } from '../../src/graphql/limits.ts';
import { insertLogin, useStoredApi } from '../support/api-fixture.ts';

const api = useStoredApi((database) => ({
  accounts: createAccountStore(database),
  bankLogins: createLoginStore(database),
}));

let accountId: string;
let emit: (rows: number, text: string) => Promise<void>;

beforeAll(async () => {
  const login = await insertLogin(api.database, api.clientId, api.clock.now());
  accountId = login.accountId;
  const { example } = eventCatalogue.BANK_LOGIN_SYNCHRONIZED;
  const [account] = example.accounts as [SynchronizedAccountData];
  const [transaction] = account.newTransactions as [TransactionData];
  emit = async (rows, text) => {
    const list = Array.from({ length: rows }, (_, n) => ({
      ...transaction,
      id: `txn_${n}`,
      remittanceInformation: text,
    }));
    const lists = { newTransactions: list, updatedTransactions: list.slice(0, 1), removedTransactionIds: [] };
    const changed = { ...account, account: { ...account.account, id: accountId }, ...lists };
    await api.eventLog.commit(async (_tx, append) =>
      append({
        ...{ clientId: api.clientId, type: 'BANK_LOGIN_SYNCHRONIZED', occurredAt: api.clock.now() },
        ...{ userId: login.userId, bankLoginId: login.bankLoginId },
        data: { ...example, accounts: [changed] },
      }),
    );
  };
});

const counts = 'newTransactionCount updatedTransactionCount removedTransactionCount truncated';
const accountsOf = (fields: string) => `... on BankLoginSynchronized { accounts { ${counts} ${fields} } }`;

async function latest(fields: string) {
  const { head } = await api.eventLog.extent(api.clientId);
  const query = `query ($after: String) { events(after: $after) { nodes { ${accountsOf(fields)} } } }`;
  const { data, errors } = await api.request(query, { after: toCursor(head - 1n) });
  expect(errors).toBeUndefined();
  return data.events.nodes[0].accounts[0];
}

describe('an event with many transactions', () => {
  test('keeps 500 of each list, shows 100 or as many as are asked for, and says how many there were', async () => {
    await emit(1_200, 'x');
    const row = '{ id }';
    const cut = { newTransactionCount: 1_200, updatedTransactionCount: 1, removedTransactionCount: 0, truncated: true };
    const shown = async (fields: string) => {
      const { newTransactions, some, ...rest } = await latest(fields);
      return [newTransactions?.length, some?.length, rest];
    };
    expect(await shown(`newTransactions ${row}`)).toEqual([100, undefined, cut]);
    expect(await shown(`newTransactions(first: 500) ${row} some: newTransactions(first: 3) ${row}`)).toEqual([
      500,
      3,
      cut,
    ]);
    expect(await shown(`newTransactions(first: 0) ${row}`)).toEqual([0, undefined, cut]);
    const { updatedTransactions, truncated } = await latest(`updatedTransactions ${row}`);
    expect([updatedTransactions.length, truncated]).toEqual([1, false]);
    const { errors } = await api.request(
      `{ events { nodes { ${accountsOf(`newTransactions(first: 501) ${row}`)} } } }`,
    );
    expect(errors?.[0].extensions.code).toBe('BAD_USER_INPUT');
    await emit(120, 'x');
    expect(await latest(`newTransactions(first: 120) ${row}`)).toMatchObject({
      newTransactionCount: 120,
      truncated: false,
    });
    expect(await latest(`newTransactions(first: 119) ${row}`)).toMatchObject({
      newTransactionCount: 120,
      truncated: true,
    });
  });

  test('keeps fewer where they are long', async () => {
    await emit(1_200, 'ü'.repeat(2_000));
    const [event] = await api.eventLog.read({ clientId: api.clientId, limit: 1, order: 'newest-first' });
    expect(JSON.stringify(event?.data).length).toBeLessThan(eventBounds.charactersKept);
    expect(await latest('newTransactions(first: 500) { id }')).toMatchObject({
      newTransactionCount: 1_200,
      truncated: true,
    });
  });

  test('of before there were bounds is cut when it is read', async () => {
    await emit(1, 'x');
    const { prisma } = api.database;
    const { id, data } = await prisma.event.findFirstOrThrow({ orderBy: { position: 'desc' } });
    const { accounts } = data as unknown as { accounts: [SynchronizedAccountData] };
    const { skippedRows: _, newTransactions, ...rest } = accounts[0];
    const long = { ...rest, newTransactions: Array.from({ length: 20_000 }, () => newTransactions[0]) };
    await prisma.event.update({ where: { id }, data: { data: { ...(data as object), accounts: [long] } as never } });
    const account = await latest('newTransactions(first: 500) { id firstSeenAt }');
    expect(account).toMatchObject({ newTransactionCount: 20_000, truncated: true });
    expect(account.newTransactions).toHaveLength(500);
  });

  test('shares an answer’s place for rows with the others of a page', async () => {
    for (let n = 0; n < 15; n += 1) await emit(500, 'x');
    const query = `{ events(first: 100) { nodes { ${accountsOf('newTransactions(first: 500) { id }')} } } }`;
    const { nodes } = (await api.request(query)).data.events;
    const accounts = nodes.flatMap(({ accounts }: { accounts: object[] }) => accounts);
    const rows = accounts.flatMap(({ newTransactions }: { newTransactions: object[] }) => newTransactions);
    expect(rows).toHaveLength(eventRowsPerAnswer);
    expect(accounts.at(-1)).toMatchObject({ newTransactionCount: 500, newTransactions: [], truncated: true });
  });
});

const everything = `newTransactions(first: ${changePage.maximumFirst}) { id remittanceInformation additionalInformation counterpartyName
  counterpartyIban amount { amount currency } bookingDate valueDate status creditorId mandateId endToEndId exchangeRate
  structuredReference purposeCode merchantCategoryCode bankTransactionCode firstSeenAt updatedAt }`;

describe('a message', () => {
  const long = `subscription ($after: String) { events(after: $after) { cursor ${accountsOf(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((alias) => `${alias}: ${everything}`).join(' '))} } }`;

  test('over a WebSocket is never above 1 MiB: it has fewer rows', async () => {
    await emit(500, 'ü'.repeat(80));
    const { head } = await api.eventLog.extent(api.clientId);
    const frames: number[] = [];
    class Measured extends WebSocket {
      constructor(url: string, protocols: string) {
        super(url, protocols);
        this.on('message', (data: Buffer) => frames.push(data.length));
      }
    }
    const client = createClient({
      ...{ url: `${api.url.replace('http', 'ws')}/graphql`, webSocketImpl: Measured, retryAttempts: 0 },
      connectionParams: { apiKey: api.keys.client },
    });
    onTestFinished(async () => await client.dispose());
    for await (const { data = null, errors } of client.iterate({
      query: long,
      variables: { after: toCursor(head - 1n) },
    })) {
      expect(errors).toBeUndefined();
      const { accounts } = (data as never as { events: object }).events as { accounts: { a: object[] }[] };
      expect(accounts[0]).toMatchObject({ newTransactionCount: 500, truncated: true });
      expect(accounts[0]?.a.length).toBeGreaterThan(100);
      break;
    }
    expect(Math.max(...frames)).toBeGreaterThan(100_000);
    expect(Math.max(...frames)).toBeLessThanOrEqual(eventBounds.messageBytes);
    // What is no event's is refused instead.
    for await (const result of client.iterate({
      query: long.replace('subscription', 'query').replace('cursor', 'nodes { cursor').replace(/}$/, '} }'),
    })) {
      expect(result).toMatchObject({ data: null, errors: [{ extensions: { code: 'RESULT_TOO_LONG' } }] });
    }
  });

  test('of an event stream neither, also one that is not shared', async () => {
    await emit(500, 'ü'.repeat(80));
    const { head } = await api.eventLog.extent(api.clientId);
    const read = async (query: string): Promise<string> => {
      const response = await fetch(`${api.url}/graphql`, {
        method: 'POST',
        headers: {
          ...{ accept: 'text/event-stream', 'content-type': 'application/json' },
          authorization: `Bearer ${api.keys.client}`,
        },
        body: JSON.stringify({ query, variables: { after: toCursor(head - 1n) } }),
      });
      let text = '';
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk).toString();
        if (/data: \{.*\n/.test(text)) return text;
      }
      return text;
    };
    const shared = await read(long);
    expect(shared).toContain('"truncated":true');
    expect(Buffer.byteLength(shared)).toBeLessThanOrEqual(eventBounds.messageBytes);
    const own = await read(long.replace('events(after: $after)', 'events(after: $after) @include(if: true)'));
    expect(own).toContain('RESULT_TOO_LONG');
  });
});
