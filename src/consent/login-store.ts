import type { BankLogin, Consent } from '../generated/prisma/client.ts';
import type { Database, Prisma } from '../storage/database.ts';

/** A login as its end user sees it. */
export interface ManagedLogin {
  id: string;
  bankId: string;
  bankName: string;
  status: BankLogin['status'];
  secretsStored: boolean;
  lastSynchronization: Date | null;
  accounts: ReadonlyArray<{ id: string; name: string | null; iban: string | null; currency: string }>;
  /** The valid one; null when there is none. */
  consent: { validUntil: Date; recurring: boolean; authorisedAt: Date | null } | null;
}

/** Bank logins and consents as clients, and their end users, read them: each its own. */
export interface LoginStore {
  /** In no order; what is not the client's is left out. */
  listByIds(clientId: string, ids: readonly string[]): Promise<BankLogin[]>;
  /** In no order; what is not the client's is left out. */
  listConsents(clientId: string, ids: readonly string[]): Promise<Consent[]>;
  /** Of the login's accounts that have one. */
  listIbans(bankLoginId: string): Promise<string[]>;
  /** Oldest first. */
  listManaged(clientId: string, userId: string): Promise<ManagedLogin[]>;
}

const managed = {
  bank: { select: { name: true } },
  accounts: { select: { id: true, name: true, iban: true, currency: true }, orderBy: { id: 'asc' } },
  consents: {
    where: { status: 'VALID' },
    select: { validUntil: true, recurring: true, authorisedAt: true },
  },
} satisfies Prisma.BankLoginInclude;

export function createLoginStore({ prisma }: Database): LoginStore {
  return {
    listByIds: (clientId, ids) => prisma.bankLogin.findMany({ where: { id: { in: [...ids] }, clientId } }),
    listConsents: (clientId, ids) => prisma.consent.findMany({ where: { id: { in: [...ids] }, clientId } }),
    async listIbans(bankLoginId) {
      const accounts = await prisma.account.findMany({ where: { bankLoginId }, select: { iban: true } });
      return [...new Set(accounts.flatMap(({ iban }) => iban ?? []))];
    },
    async listManaged(clientId, userId) {
      const logins = await prisma.bankLogin.findMany({
        where: { clientId, userId },
        include: managed,
        orderBy: { id: 'asc' },
      });
      return logins.map(({ id, bankId, bank, status, secretsStored, lastSynchronization, accounts, consents }) => ({
        id,
        bankId,
        bankName: bank.name,
        status,
        secretsStored,
        lastSynchronization,
        accounts,
        consent: consents[0] ?? null,
      }));
    },
  };
}
