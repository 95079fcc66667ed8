/**
 * What a bank's answers have shown of it, so that later calls do not ask in vain: one text per fact, common to all processes.
 * Forgotten after a week, for banks mend themselves, and when the operator changes the bank's entry. The names of facts are the
 * adapter's own.
 */
export interface BankLearnings {
  /** Null where nothing is known (any more). */
  get(fact: string): Promise<string | null>;
  put(fact: string, value: string): Promise<void>;
}

/** What is learnt lasts as long as the process. */
export function learnInMemory(): BankLearnings {
  const facts = new Map<string, string>();
  return {
    get: async (fact) => facts.get(fact) ?? null,
    put: async (fact, value) => void facts.set(fact, value),
  };
}
