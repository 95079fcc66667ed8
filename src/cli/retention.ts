import type { BankDataStore } from '../accounts/bank-data-store.ts';
import { removeOldAuditEntries } from '../audit/audit-retention.ts';
import type { AuditStore } from '../audit/audit-store.ts';
import type { Idempotency } from '../clients/idempotency.ts';
import type { Config } from '../config/config.ts';
import { removeOldSessions } from '../consent/session-retention-store.ts';
import type { Clock } from '../domain/clock.ts';
import type { Database } from '../storage/database.ts';
import { removeOldAttempts } from '../sync/attempt-retention-store.ts';
import { removeOldCycles } from '../sync/cycle-retention-store.ts';
import { removeOldEvents } from '../webhooks/retention.ts';

export interface RetentionDeps {
  config: Pick<Config, 'retentionDays' | 'auditRetentionDays'>;
  clock: Clock;
  database: Database;
  bankData: Pick<BankDataStore, 'forgetRemoved'>;
  auditStore: AuditStore;
  idempotency: Pick<Idempotency, 'forget'>;
}

const dayMs = 86_400_000;

/** What is not kept for ever, each removed in small steps; in this order, since cycles go after their events. */
export function retentionSteps({ config, clock, database, bankData, auditStore, idempotency }: RetentionDeps) {
  const before = (days: number): Date => new Date(clock.now().getTime() - days * dayMs);
  const { retentionDays, auditRetentionDays } = config;
  return [
    { name: 'remove-events', steps: () => removeOldEvents(database, before(retentionDays)) },
    { name: 'remove-attempts', steps: () => removeOldAttempts(database, before(retentionDays)) },
    { name: 'remove-sessions', steps: () => removeOldSessions(database, before(retentionDays)) },
    { name: 'remove-tombstones', steps: () => bankData.forgetRemoved(clock.now()) },
    { name: 'remove-cycles', steps: () => removeOldCycles(database, before(retentionDays)) },
    { name: 'forget-idempotency-keys', steps: () => idempotency.forget() },
    { name: 'remove-audit-entries', steps: () => removeOldAuditEntries(auditStore, before(auditRetentionDays)) },
  ];
}
