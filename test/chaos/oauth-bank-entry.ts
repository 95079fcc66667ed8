import { sandboxBanks } from '../../src/config/sandbox-banks.ts';
import type { BankEntry } from '../../src/domain/bank-entry.ts';

/** The sandbox bank with integrated OAuth. */
export function oauthBankEntry(sandboxUrl: string): BankEntry {
  const entry = sandboxBanks(sandboxUrl).find(({ oauth }) => oauth !== null);
  if (!entry) throw new Error('The sandbox bank has no variant with OAuth.');
  return entry;
}
