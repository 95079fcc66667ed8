import type { BankEntry } from '../domain/bank-entry.ts';
import { type Clock, systemClock } from '../domain/clock.ts';
import { NotFound } from '../domain/errors.ts';
import type { BankPort } from './bank-port.ts';
import { createBerlinGroupBank } from './berlin-group/berlin-group-bank.ts';

/** The banks that the operator has listed, by id. */
export interface BankDirectory {
  /** Throws NotFound. */
  get(bankId: string): BankPort;
  /** Throws NotFound. */
  entry(bankId: string): BankEntry;
  /** In the operator's order. */
  list(): BankEntry[];
  /** Ends all connections, after what is under way. */
  close(): Promise<void>;
}

export interface BankDirectoryDeps {
  /** @default systemClock */
  clock?: Clock;
  /** How an entry becomes a bank. @default the Berlin Group adapter */
  createBank?: (entry: BankEntry) => BankPort & { close?(): Promise<void> };
}

/** Throws a StartupError when an entry's certificates cannot be used. No bank is called yet. */
export function createBankDirectory(entries: readonly BankEntry[], deps: BankDirectoryDeps = {}): BankDirectory {
  const clock = deps.clock ?? systemClock;
  const createBank = deps.createBank ?? ((entry: BankEntry) => createBerlinGroupBank(entry, { clock }));
  const listed = new Map(entries.map((entry) => [entry.id, { entry, bank: createBank(entry) }]));

  const find = (bankId: string) => {
    const found = listed.get(bankId);
    if (!found) throw new NotFound('bank', bankId);
    return found;
  };

  return {
    get: (bankId) => find(bankId).bank,
    entry: (bankId) => find(bankId).entry,
    list: () => [...listed.values()].map(({ entry }) => entry),
    async close() {
      await Promise.all([...listed.values()].map(async ({ bank }) => await bank.close?.()));
    },
  };
}
