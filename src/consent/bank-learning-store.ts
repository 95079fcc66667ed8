import { createHash } from 'node:crypto';
import type { BankLearnings } from '../banking/bank-learnings.ts';
import type { BankEntry } from '../domain/bank-entry.ts';
import type { Clock } from '../domain/clock.ts';
import { type Database, Prisma } from '../storage/database.ts';

/** Banks mend themselves: what was learnt is found out again after a week. */
const keptDays = 7;
/** A process sees what another one has learnt after a minute at most; asking each time would cost a query per reading. */
const freshMs = 60_000;
const dayMs = 86_400_000;

export interface BankLearningStore {
  of(entry: BankEntry): BankLearnings;
  /** Removes what is too old to be used. */
  forget(): Promise<void>;
}

export function createBankLearningStore(database: Database, clock: Clock): BankLearningStore {
  const oldest = (): Date => new Date(clock.now().getTime() - keptDays * dayMs);
  return {
    of(entry) {
      const entryHash = hashHabits(entry);
      let known: { facts: Map<string, string>; until: number } | null = null;

      async function load(): Promise<Map<string, string>> {
        const now = clock.now().getTime();
        if (known && known.until > now) return known.facts;
        const rows = await database.query<{ fact: string; value: string }>(Prisma.sql`
          SELECT fact, value FROM bank_learnings
          WHERE bank_id = ${entry.id} AND entry_hash = ${entryHash} AND learnt_at > ${oldest()}`);
        const facts = new Map(rows.map(({ fact, value }) => [fact, value]));
        known = { facts, until: now + freshMs };
        return facts;
      }

      return {
        get: async (fact) => (await load()).get(fact) ?? null,
        async put(fact, value) {
          await database.query(Prisma.sql`
            INSERT INTO bank_learnings (bank_id, fact, value, entry_hash, learnt_at)
            VALUES (${entry.id}, ${fact}, ${value}, ${entryHash}, ${clock.now()})
            ON CONFLICT (bank_id, fact) DO UPDATE
              SET value = EXCLUDED.value, entry_hash = EXCLUDED.entry_hash, learnt_at = EXCLUDED.learnt_at`);
          known?.facts.set(fact, value);
        },
      };
    },
    async forget() {
      await database.query(Prisma.sql`DELETE FROM bank_learnings WHERE learnt_at <= ${oldest()}`);
    },
  };
}

/** Of all that changes how the bank is asked; secrets are left out, for no learning hangs on them. */
function hashHabits(entry: BankEntry): string {
  const { clientCertificate, signingCertificate, certificateAuthority, passwordKey, headers, oauth, ...habits } = entry;
  const names = { headers: Object.keys(headers), oauth: oauth && { ...oauth, clientSecret: null } };
  return createHash('sha256')
    .update(JSON.stringify({ ...habits, ...names }))
    .digest('hex');
}
