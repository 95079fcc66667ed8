import type { BankLogin, Consent } from '../generated/prisma/client.ts';
import type { Database } from '../storage/database.ts';

/** Bank logins and consents as clients read them: each its own. */
export interface LoginStore {
  find(clientId: string, id: string): Promise<BankLogin | null>;
  findConsent(clientId: string, id: string): Promise<Consent | null>;
}

export function createLoginStore({ prisma }: Database): LoginStore {
  return {
    find: (clientId, id) => prisma.bankLogin.findFirst({ where: { id, clientId } }),
    findConsent: (clientId, id) => prisma.consent.findFirst({ where: { id, clientId } }),
  };
}
