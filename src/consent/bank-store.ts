import type { BankEntry } from '../domain/bank-entry.ts';
import type { Page } from '../domain/page.ts';
import type { Bank } from '../generated/prisma/client.ts';
import { type Database, Prisma } from '../storage/database.ts';

export interface BankPosition {
  name: string;
  id: string;
}

/** The banks that end users can choose from. */
export interface BankStore {
  /** To be called at start: takes over the operator's list. A bank that has left it stays for its logins, but is not listed. */
  replaceAll(entries: readonly BankEntry[]): Promise<void>;
  find(id: string): Promise<Bank | null>;
  /** Listed banks by name, then id; `search` is looked for in name, BIC and bank code, whatever the case. */
  list(search: string | null, page: Page<BankPosition>): Promise<Bank[]>;
  /** In no order. */
  listByIds(ids: readonly string[]): Promise<Bank[]>;
}

export function createBankStore(database: Database): BankStore {
  return {
    replaceAll: (entries) =>
      database.transaction(async (tx) => {
        await tx.bank.updateMany({
          where: { id: { notIn: entries.map((entry) => entry.id) } },
          data: { listed: false },
        });
        for (const { id, name, bic, bankCode, country, scaValidityDays } of entries) {
          const data = { name, bic, bankCode, country, scaValidityDays, listed: true };
          await tx.bank.upsert({ where: { id }, create: { id, ...data }, update: data });
        }
      }),
    find: (id) => database.prisma.bank.findUnique({ where: { id } }),
    listByIds: (ids) => database.prisma.bank.findMany({ where: { id: { in: [...ids] } } }),
    list: (search, { after, before, backward, limit }) => {
      const direction = backward ? Prisma.sql`DESC` : Prisma.sql`ASC`;
      const pattern = `%${(search ?? '').trim().replace(/[\\%_]/g, '\\$&')}%`;
      return database.query<Bank>(Prisma.sql`
        SELECT id, name, bic, bank_code AS "bankCode", country, listed, sca_validity_days AS "scaValidityDays" FROM banks
        WHERE listed AND (name ILIKE ${pattern} OR bic ILIKE ${pattern} OR bank_code ILIKE ${pattern})
          ${after === null ? Prisma.empty : Prisma.sql`AND (name, id) > (${after.name}, ${after.id})`}
          ${before == null ? Prisma.empty : Prisma.sql`AND (name, id) < (${before.name}, ${before.id})`}
        ORDER BY name ${direction}, id ${direction} LIMIT ${limit}::int`);
    },
  };
}
