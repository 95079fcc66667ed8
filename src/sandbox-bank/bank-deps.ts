import type { BankState } from './bank-state.ts';
import type { ConsentState } from './consent-state.ts';
import type { Habits } from './habits.ts';
import type { Ledger } from './ledger.ts';

/** What every answer of the bank is made with. */
export interface BankDeps {
  state: BankState;
  ledger: Ledger;
  now(): Date;
  /** Of this bank and variant, without a slash at the end. */
  baseUrl(): string;
  variant: ConsentState['variant'];
  /** Of all end users: names of traits/trait-table.ts. */
  traits: readonly string[];
  habits: Habits;
  /** How long an access token is good. */
  tokenSeconds: number;
  onRefresh(): void;
}
