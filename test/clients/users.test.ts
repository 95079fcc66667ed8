import { describe, expect, test } from 'vitest';
import { createUserStore } from '../../src/clients/user-store.ts';
import { createUsers, type NewUser } from '../../src/clients/users.ts';
import { InvalidInput, NotFound } from '../../src/domain/errors.ts';
import { insertClient } from '../support/enrolled-users.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { openTestDatabase } from '../support/test-database.ts';

async function openUsers() {
  const database = await openTestDatabase();
  const clock = fixedClock();
  const users = createUsers({ clock, store: createUserStore(database) });
  const [clientId, otherId] = [await insertClient(database, clock.now()), await insertClient(database, clock.now())];
  const create = (input: Partial<NewUser> = {}, of = clientId) => {
    clock.advance(1);
    return users.createUser(of, { externalId: null, type: 'PERSON', recurring: false, idempotencyKey: null, ...input });
  };
  return { database, clock, users, clientId, otherId, create };
}

describe('a user', () => {
  test('is made as it was given', async () => {
    const { users, clientId, clock, create } = await openUsers();
    const user = await create({ externalId: ' ada ', type: 'COMPANY' });
    expect(user).toMatchObject({ clientId, externalId: 'ada', type: 'COMPANY', recurring: false, enrolledAt: null });
    expect(user.createdAt).toEqual(clock.now());
    expect(await users.find(clientId, user.id)).toEqual(user);
  });

  test('has an externalId that no other user of its client has', async () => {
    const { create, users, clientId, otherId } = await openUsers();
    const taken = { code: 'EXTERNAL_ID_TAKEN' };
    await create({ externalId: 'ada' });
    await expect(create({ externalId: 'ada' })).rejects.toMatchObject(taken);
    const second = await create({ externalId: 'bob' });
    await expect(users.updateUser(clientId, second.id, { externalId: 'ada' })).rejects.toMatchObject(taken);
    expect(await create({ externalId: 'ada' }, otherId)).toMatchObject({ externalId: 'ada' });
    await create();
    await create();
    const both = await Promise.allSettled([create({ externalId: 'eve' }), create({ externalId: 'eve' })]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('has no externalId that is empty, too long or not text', async () => {
    const { create, users, clientId } = await openUsers();
    const user = await create();
    for (const externalId of ['', '  ', 'x'.repeat(201), 'a\0b']) {
      for (const attempt of [create({ externalId }), users.updateUser(clientId, user.id, { externalId })]) {
        const error = await attempt.catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(InvalidInput);
        expect((error as InvalidInput).fields).toMatchObject([{ path: 'input.externalId' }]);
      }
    }
  });

  test('that is recurring is enrolled when it becomes so, and goes to the end when it becomes so again', async () => {
    const { create, users, clientId, clock } = await openUsers();
    const user = await create({ recurring: true });
    expect(user.enrolledAt).toEqual(user.createdAt);
    const update = (recurring: boolean) => {
      clock.advance(1000);
      return users.updateUser(clientId, user.id, { recurring });
    };
    expect(await update(true)).toMatchObject({ recurring: true, enrolledAt: user.createdAt });
    expect(await update(false)).toMatchObject({ recurring: false, enrolledAt: null });
    expect(await update(true)).toMatchObject({ recurring: true, enrolledAt: clock.now() });
  });

  test('is changed in what is given alone', async () => {
    const { create, users, clientId } = await openUsers();
    const user = await create({ externalId: 'ada', recurring: true });
    expect(await users.updateUser(clientId, user.id, {})).toEqual(user);
    expect(await users.updateUser(clientId, user.id, { externalId: 'eve' })).toEqual({ ...user, externalId: 'eve' });
    expect(await users.updateUser(clientId, user.id, { externalId: 'eve' })).toEqual({ ...user, externalId: 'eve' });
    expect(await users.updateUser(clientId, user.id, { externalId: null })).toEqual({ ...user, externalId: null });
  });

  test('invariant 11: is neither found nor changed by another client', async () => {
    const { create, users, clientId, otherId } = await openUsers();
    const user = await create({ externalId: 'ada' });
    expect(await users.find(otherId, user.id)).toBeNull();
    await expect(users.updateUser(otherId, user.id, { recurring: true })).rejects.toBeInstanceOf(NotFound);
    const page = { after: null, limit: 10 };
    expect(await users.list(otherId, { recurring: null }, page)).toEqual([]);
    expect(await users.find(clientId, user.id)).toEqual(user);
    await expect(users.updateUser(clientId, 'usr_none', { recurring: true })).rejects.toBeInstanceOf(NotFound);
  });
});

describe('making a user with an idempotency key', () => {
  const input = { externalId: 'ada', idempotencyKey: 'key 1' };

  test('again gives the first user, also when both come at once', async () => {
    const { create, database } = await openUsers();
    const [first, second] = await Promise.all([create(input), create(input)]);
    expect(second).toEqual(first);
    expect(await create(input)).toEqual(first);
    expect(await database.prisma.user.count()).toBe(1);
  });

  test('with different input is a conflict', async () => {
    const { create } = await openUsers();
    await create(input);
    for (const other of [{ externalId: 'eve' }, { recurring: true }, { type: 'COMPANY' as const }]) {
      await expect(create({ ...input, ...other })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    }
  });

  test('is a matter of each client', async () => {
    const { create, otherId } = await openUsers();
    const [own, others] = [await create(input), await create(input, otherId)];
    expect(others.id).not.toBe(own.id);
  });
});

test('users are listed oldest first, page by page, all or by whether they are recurring', async () => {
  const { create, users, clientId } = await openUsers();
  const made = [];
  for (let i = 0; i < 7; i++) made.push(await create({ recurring: i % 2 === 0 }));
  const listAll = async (recurring: boolean | null) => {
    const ids: string[] = [];
    for (;;) {
      const page = await users.list(clientId, { recurring }, { after: ids.at(-1) ?? null, limit: 2 });
      ids.push(...page.map(({ id }) => id));
      if (page.length < 2) return ids;
    }
  };
  expect(await listAll(null)).toEqual(made.map(({ id }) => id));
  expect(await listAll(true)).toEqual(made.filter(({ recurring }) => recurring).map(({ id }) => id));
  expect(await listAll(false)).toEqual(made.filter(({ recurring }) => !recurring).map(({ id }) => id));
});
