import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { openDatabase, Prisma } from '../../src/storage/database.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { openTestDatabase } from '../support/test-database.ts';

const postgresUrl = inject('postgresUrl');
const insertClient = (id: string) =>
  Prisma.sql`INSERT INTO clients (id, name, created_at) VALUES (${id}, ${id}, now())`;
const client = (id: string) => ({ id, name: id, createdAt: new Date('2026-03-10T10:00:00Z') });

describe('the database', () => {
  it('keeps all of a transaction or nothing', async () => {
    const database = await openTestDatabase();
    const failing = database.transaction(async (tx) => {
      await tx.client.create({ data: client('cli_1') });
      throw new Error('in the middle');
    });
    await expect(failing).rejects.toThrow('in the middle');
    await database.transaction((tx) => tx.client.create({ data: client('cli_2') }));
    expect((await database.prisma.client.findMany()).map((row) => row.id)).toEqual(['cli_2']);
  });

  it('keeps all of a transaction of plain statements or nothing', async () => {
    const database = await openTestDatabase();
    const failing = database.atomically(async (query) => {
      await query(insertClient('cli_1'));
      throw new Error('in the middle');
    });
    await expect(failing).rejects.toThrow('in the middle');
    await database.atomically(async (query) => await query(insertClient('cli_2')));
    expect((await database.prisma.client.findMany()).map((row) => row.id)).toEqual(['cli_2']);
    const beside = database.atomically(async () => await database.query(Prisma.sql`SELECT 1`));
    await expect(beside).rejects.toThrow(/pass `tx` down/);
  });

  it.skipIf(postgresUrl === null)('goes on when a connection is lost within a transaction', async () => {
    const databaseUrl = await createPostgresDatabase(postgresUrl ?? '');
    const database = await openDatabase({ databaseUrl, directory: null, poolSize: 1 });
    onTestFinished(database.close);
    const cutOff = database.atomically(async (query) => {
      await query(insertClient('cli_1'));
      await query(Prisma.sql`SELECT pg_terminate_backend(pg_backend_pid())`);
    });
    await expect(cutOff).rejects.toThrow();
    expect(await database.query(Prisma.sql`SELECT id FROM clients`)).toEqual([]);
  });

  it('refuses a query beside an open transaction instead of waiting for ever', async () => {
    const database = await openTestDatabase();
    const beside = database.transaction(async () => await database.prisma.client.count());
    await expect(beside).rejects.toThrow(/pass `tx` down/);
    const alsoBeside = database.transaction(async () => await database.query(Prisma.sql`SELECT 1`));
    await expect(alsoBeside).rejects.toThrow(/pass `tx` down/);
    expect(await database.prisma.client.count()).toBe(0);
  });

  it('reads bigints, dates and numerics exactly', async () => {
    const database = await openTestDatabase();
    const rows = await database.query(Prisma.sql`
      SELECT 9007199254740993::bigint AS big, '2026-03-29'::date AS day, 12.50::numeric AS amount, ${'x'}::text AS text`);
    expect(rows).toEqual([{ big: 9007199254740993n, day: '2026-03-29', amount: '12.50', text: 'x' }]);
  });

  // pg's pool.query ends the connection on which a statement failed; the embedded database has that one only.
  it('answers after statements that failed, prepared or not', async () => {
    const database = await openTestDatabase();
    const create = () => database.prisma.client.create({ data: client('cli_1') });
    await create();
    for (let n = 0; n < 3; n++) {
      await expect(database.query(Prisma.sql`SELECT ${'x'}::text::int`)).rejects.toMatchObject({ code: '22P02' });
      await expect(database.query(Prisma.sql`SELECT ${'{"a":"\\u0000"}'}::jsonb`)).rejects.toMatchObject({
        code: '22P05',
      });
      await expect(create()).rejects.toMatchObject({ code: 'P2002' });
      expect(await database.query(Prisma.sql`SELECT ${n}::int AS n`)).toEqual([{ n }]);
      expect(await database.transaction((tx) => tx.client.count())).toBe(1);
    }
  });

  it('says which server cannot be reached, without the password', async () => {
    const opening = openDatabase({ databaseUrl: 'postgresql://me:hidden@127.0.0.1:1/none', directory: null });
    await expect(opening).rejects.toThrow(/DATABASE_URL: cannot reach PostgreSQL at 127.0.0.1:1\/none/);
    await expect(opening).rejects.not.toThrow(/hidden/);
  });
});
