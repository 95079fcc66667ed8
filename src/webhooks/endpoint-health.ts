import type { Clock } from '../domain/clock.ts';
import type { DeliveryLog } from './delivery-log.ts';
import type { EndpointHealthStore, HealthChange, UnhealthyEndpoint } from './endpoint-health-store.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** A run of failures this long disables the endpoint. */
export const disableAfterMs = 5 * dayMs;

/** Failing this long gives a warning. */
export const warningsAfterMs: readonly number[] = [1 * dayMs, 3 * dayMs, 4 * dayMs];

export const disabledReasons = {
  gone: 'The receiver answered 410 Gone.',
  failing: 'Every delivery has failed for 5 days.',
  manual: 'Disabled by its owner.',
} as const;

/** An attempt as the endpoint's health sees it. */
export interface HealthSign {
  endpoint: { id: string; clientId: string; isFailing: boolean };
  isSuccess: boolean;
  isGone: boolean;
  at: Date;
  pausedUntil: Date | null;
}

export interface EndpointHealth {
  /** Notes a batch of attempts: begins and ends runs of failures, pauses, warns, disables. */
  note(signs: readonly HealthSign[]): Promise<void>;
  /** Warns of and disables those whose time has come between two attempts, which may lie a day apart. */
  lookAtOverdue(): Promise<void>;
}

export interface HealthDeps {
  store: EndpointHealthStore;
  disable(endpoint: { clientId: string; id: string }, reason: string): Promise<void>;
  clock: Clock;
  log: DeliveryLog;
}

export function createEndpointHealth({ store, disable, clock, log }: HealthDeps): EndpointHealth {
  // Endpoints that the database knows to be failing, as far as this process has seen: others need no write for a success.
  const failing = new Set<string>();

  async function follow(endpoint: UnhealthyEndpoint): Promise<void> {
    const failingMs = clock.now().getTime() - endpoint.failingSince.getTime();
    const warningCount = warningsAfterMs.filter((afterMs) => failingMs >= afterMs).length;
    const isToDisable = failingMs >= disableAfterMs;
    if (!isToDisable && warningCount <= endpoint.warningCount) return;
    // A process may have died after it recorded a success and before it ended the run of failures.
    if (await store.restartRun(endpoint.id, clock.now())) return;
    if (isToDisable) return await disable(endpoint, disabledReasons.failing);
    if (!(await store.setWarningCount(endpoint.id, warningCount))) return;
    log.warn(
      { endpointId: endpoint.id, clientId: endpoint.clientId, failingSince: endpoint.failingSince, warningCount },
      'webhook endpoint keeps failing; it is disabled after 5 days',
    );
  }

  return {
    async lookAtOverdue() {
      for (const endpoint of await store.listOverdue([...warningsAfterMs, disableAfterMs], clock.now())) {
        await follow(endpoint);
      }
    },
    async note(signs) {
      const changes = summarise(signs, failing);
      if (changes.length === 0) return;
      const unhealthy = await store.apply(changes);
      for (const { endpointId, hasSucceeded } of changes) {
        if (hasSucceeded) failing.delete(endpointId);
        else failing.add(endpointId);
      }
      const gone = new Map(signs.filter((sign) => sign.isGone).map(({ endpoint }) => [endpoint.id, endpoint]));
      for (const endpoint of gone.values()) await disable(endpoint, disabledReasons.gone);
      for (const endpoint of unhealthy) if (!gone.has(endpoint.id)) await follow(endpoint);
    },
  };
}

/** One change per endpoint: a single success among the attempts ends the run of failures. */
function summarise(signs: readonly HealthSign[], failing: ReadonlySet<string>): HealthChange[] {
  const changes = new Map<string, HealthChange & { isNews: boolean }>();
  for (const { endpoint, isSuccess, at, pausedUntil } of signs) {
    const change = changes.get(endpoint.id) ?? {
      endpointId: endpoint.id,
      hasSucceeded: false,
      failedAt: null,
      pausedUntil: null,
      isNews: endpoint.isFailing || failing.has(endpoint.id),
    };
    if (isSuccess) change.hasSucceeded = true;
    else change.failedAt ??= at;
    if (pausedUntil && (!change.pausedUntil || pausedUntil > change.pausedUntil)) change.pausedUntil = pausedUntil;
    changes.set(endpoint.id, change);
  }
  return [...changes.values()].filter(
    ({ isNews, hasSucceeded, pausedUntil }) => isNews || !hasSucceeded || pausedUntil !== null,
  );
}
