import type { BankEntry } from '../domain/bank-entry.ts';
import { type Clock, systemClock } from '../domain/clock.ts';
import { NotFound, StartupError } from '../domain/errors.ts';
import { type BankLearnings, learnInMemory } from './bank-learnings.ts';
import type { BankPort } from './bank-port.ts';
import { createBerlinGroupBank } from './berlin-group/berlin-group-bank.ts';

export interface ProtocolDeps {
  clock: Clock;
  learnt: BankLearnings;
}

/** A bank of a protocol. Throws a StartupError when the entry cannot be used; calls the bank only when it is asked to. */
export type CreateBank = (entry: BankEntry, deps: ProtocolDeps) => BankPort & { close?(): Promise<void> };

/** What `protocol` in a bank's entry names: a folder of this room each. */
const protocols: Readonly<Record<string, CreateBank>> = {
  'berlin-group': createBerlinGroupBank,
};

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
  /** What has been learnt of a bank. @default what this process learns */
  learningsOf?: (entry: BankEntry) => BankLearnings;
  /** How an entry becomes a bank. @default by its protocol */
  createBank?: CreateBank;
}

/** Throws a StartupError when an entry's protocol is not known, or its certificates cannot be used. No bank is called yet. */
export function createBankDirectory(entries: readonly BankEntry[], deps: BankDirectoryDeps = {}): BankDirectory {
  const clock = deps.clock ?? systemClock;
  const { createBank = createByProtocol, learningsOf = learnInMemory } = deps;
  const listed = new Map(
    entries.map((entry) => [entry.id, { entry, bank: createBank(entry, { clock, learnt: learningsOf(entry) }) }]),
  );

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

function createByProtocol(entry: BankEntry, deps: ProtocolDeps) {
  const create = Object.hasOwn(protocols, entry.protocol) ? protocols[entry.protocol] : undefined;
  if (create) return create(entry, deps);
  const known = Object.keys(protocols).join(', ');
  throw new StartupError(`${entry.id}: there is no protocol "${entry.protocol}" (known: ${known}).`);
}
