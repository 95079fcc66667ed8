import type { AccessBudget } from '../consent/access-budget-store.ts';
import type { Clock } from '../domain/clock.ts';
import type { CyclePlan, PlannedSynchronization } from './cycle-plan.ts';
import { isEligible } from './eligibility.ts';
import { decideNextStep, type NextAction, type SynchronizationBlock } from './synchronization-block.ts';
import type { AttemptFacts, LoginFacts, SynchronizationStatusStore } from './synchronization-status-store.ts';

/** How fresh a login's data is, what stands in the way, and who has to act. */
export interface LoginStatus {
  bankLoginId: string;
  status: LoginFacts['status'];
  /** The last synchronization brought some accounts and not others. */
  partial: boolean;
  /** Whether the automatic cycles include this login. */
  active: boolean;
  lastSynchronization: Date | null;
  lastAttempt: AttemptFacts | null;
  /** YYYY-MM-DD; null when there is no valid consent. */
  consentValidUntil: string | null;
  nextSynchronization: PlannedSynchronization | null;
  unattendedAccessesLeft: number;
  blockedBy: SynchronizationBlock | null;
  nextAction: NextAction;
}

export interface SynchronizationStatuses {
  /** In the order of the ids given; one that is not the client's is left out. */
  listStatus(clientId: string, bankLoginIds: readonly string[]): Promise<LoginStatus[]>;
  /** Ids of the user's logins, oldest first; none for a user that is not the client's. */
  listLoginIds(clientId: string, userId: string): Promise<string[]>;
}

export interface SynchronizationStatusesDeps {
  clock: Clock;
  store: SynchronizationStatusStore;
  budget: Pick<AccessBudget, 'listLeft'>;
  plan: Pick<CyclePlan, 'planFor'>;
}

export function createSynchronizationStatuses(deps: SynchronizationStatusesDeps): SynchronizationStatuses {
  const { clock, store, budget, plan } = deps;
  return {
    async listStatus(clientId, bankLoginIds) {
      const now = clock.now();
      const facts = await store.list(clientId, bankLoginIds, now);
      const active = facts.filter((login) => isEligible(login, now));
      const left = await budget.listLeft(
        facts.map(({ bankLoginId }) => bankLoginId),
        now,
      );
      const plans = active.length === 0 ? new Map() : await plan.planFor([...new Set(active.map((l) => l.userId))]);
      const byId = new Map(facts.map((login) => [login.bankLoginId, login]));
      return bankLoginIds.flatMap((id) => {
        const login = byId.get(id);
        if (!login) return [];
        const unattendedAccessesLeft = left.get(id)?.left ?? 0;
        return toStatus(login, { now, unattendedAccessesLeft, nextSynchronization: plans.get(login.userId) ?? null });
      });
    },
    listLoginIds: (clientId, userId) => store.listLoginIds(clientId, userId),
  };
}

function toStatus(
  login: LoginFacts,
  given: { now: Date; unattendedAccessesLeft: number; nextSynchronization: PlannedSynchronization | null },
): LoginStatus {
  const { now, unattendedAccessesLeft, nextSynchronization } = given;
  const active = isEligible(login, now);
  return {
    bankLoginId: login.bankLoginId,
    status: login.status,
    partial: login.partial,
    active,
    lastSynchronization: login.lastSynchronization,
    lastAttempt: login.lastAttempt,
    consentValidUntil: login.consent?.validUntil ?? null,
    nextSynchronization: active ? nextSynchronization : null,
    unattendedAccessesLeft,
    ...decideNextStep({ ...login, unattendedAccessesLeft }, now),
  };
}
