import { execute, parse } from 'graphql';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

const fieldsModule = '../../src/domain/transaction-fields.ts';

// All modules anew, over a table that has one field more.
beforeAll(() => {
  vi.resetModules();
  vi.doMock(fieldsModule, async (original) => {
    const fields = await original<typeof import('../../src/domain/transaction-fields.ts')>();
    const { optional } = await import('../../src/domain/field-table.ts');
    const loyaltyNumber = optional('text', 'A field of tomorrow.', { since: '9.0.0' });
    return {
      ...fields,
      transactionFields: { ...fields.transactionFields, loyaltyNumber },
      transactionTable: { ...fields.transactionTable, loyaltyNumber },
    };
  });
});

afterAll(() => {
  vi.doUnmock(fieldsModule);
  vi.resetModules();
});

it('a field that is added to the table is stored, compared, told by event, described, and asked for', async () => {
  const { Prisma } = await import('../../src/storage/database.ts');
  const { createSynchronizationWorld } = await import('../sync/synchronization-world.ts');
  const { bankTransaction } = await import('../sync/scripted-bank.ts');
  const { openWholeApi } = await import('../support/whole-api.ts');
  const { createContext } = await import('../../src/graphql/context.ts');
  const { eventCatalogue } = await import('../../src/events/event-catalogue.ts');
  const { toEventJsonSchema } = await import('../../src/events/event-schema.ts');

  const world = await createSynchronizationWorld();
  await world.database.query(Prisma.sql`ALTER TABLE transactions ADD COLUMN loyalty_number text`);
  const synchronize = async (loyaltyNumber: string) => {
    world.bank.pages.set('r1', [[{ ...bankTransaction(), loyaltyNumber } as ReturnType<typeof bankTransaction>]]);
    const signal = new AbortController().signal;
    return await world.synchronizeLogin({ loginId: world.loginId, trigger: 'MANUAL', psu: null, signal });
  };
  expect(await synchronize('A-1')).toMatchObject({ kind: 'synchronized' });
  world.clock.advance(3_600_000);
  expect(await synchronize('A-2')).toMatchObject({ kind: 'synchronized' });

  const data = (await world.events()).map((event) => event.data);
  expect(data).toMatchObject([
    { accounts: [{ newTransactions: [{ loyaltyNumber: 'A-1' }] }] },
    { accounts: [{ newTransactions: [], updatedTransactions: [{ loyaltyNumber: 'A-2' }] }] },
  ]);
  const described = JSON.stringify(toEventJsonSchema(eventCatalogue.BANK_LOGIN_SYNCHRONIZED));
  expect(described).toContain('A field of tomorrow.');

  const { source, schema } = openWholeApi(world.database);
  const viewer = { clientId: world.clientId, keyId: 'key_1', scopes: ['CLIENT'] as const, expiresAt: null };
  const [account] = (await world.login()).accounts;
  const result = await execute({
    schema,
    document: parse(`{
      node(id: "${account?.id}") { ... on Account { transactions { nodes { loyaltyNumber } } } }
      events { nodes { ... on BankLoginConnected { accounts { newTransactions { loyaltyNumber } } } } }
    }`),
    contextValue: createContext(source, { viewer, requestId: 'r' }),
  });
  expect(result.errors).toBeUndefined();
  expect(result.data).toMatchObject({
    node: { transactions: { nodes: [{ loyaltyNumber: 'A-2' }] } },
    events: { nodes: expect.arrayContaining([{ accounts: [{ newTransactions: [{ loyaltyNumber: 'A-1' }] }] }]) },
  });
});
