import {
  heldPerEndpoint,
  heldPerEndpointAtFirst,
  paceMs,
  requestsInFlight,
  requestsInFlightAtMost,
  requestsInFlightWhileFailing,
  sendWithinMs,
} from './delivery-limits.ts';
import type { ClaimedDelivery } from './delivery-store.ts';
import { createRateWindow } from './rate-window.ts';

/** Sends what was claimed for one endpoint: some at a time, those of one login one after another. */
export interface EndpointLane {
  add(deliveries: readonly ClaimedDelivery[], claimedAtMs: number): void;
  /** Gives back what has not been sent. */
  release(): void;
  /** How many deliveries may be held for this endpoint, by how it has accepted them so far. */
  most(): number;
  /** The ids of what has not been sent. */
  listWaiting(): string[];
  /** Gives back those of them that have not been sent. */
  drop(deliveryIds: ReadonlySet<string>): void;
}

export interface LaneDeps {
  /** Makes one attempt and says how it went; `stop` when the endpoint should be left alone for now. Never rejects. */
  attempt(delivery: ClaimedDelivery): Promise<'delivered' | 'failed' | 'stop'>;
  /** Takes back a delivery that is not going to be sent. */
  giveBack(delivery: ClaimedDelivery): void;
}

interface Waiting {
  delivery: ClaimedDelivery;
  /** Later than this, another process may have it. */
  sendBeforeMs: number;
}

// One failure may be one delivery's; a few in a row are the endpoint's.
const failuresUntilCautious = 3;

export function createEndpointLane({ attempt, giveBack }: LaneDeps): EndpointLane {
  let waiting: Waiting[] = [];
  const busyLogins = new Set<string>();
  let inFlightCount = 0;
  let failureCount = 0;
  let rate: { limit: number; window: ReturnType<typeof createRateWindow> } | null = null;
  /** Places in time that were taken for this process, among those of the others. */
  let placesMs: number[] = [];
  let timer: NodeJS.Timeout | null = null;
  let most = heldPerEndpointAtFirst;
  let pace = { sinceMs: Number.NEGATIVE_INFINITY, acceptedCount: 0 };

  function notePace(isAccepted: boolean): void {
    if (!isAccepted) {
      if (failureCount >= failuresUntilCautious) most = heldPerEndpointAtFirst;
      return;
    }
    const nowMs = performance.now();
    if (nowMs - pace.sinceMs > paceMs) pace = { sinceMs: nowMs, acceptedCount: 0 };
    pace.acceptedCount++;
    if (pace.acceptedCount < most) return;
    most = Math.min(2 * most, heldPerEndpoint);
    pace = { sinceMs: nowMs, acceptedCount: 0 };
  }

  function release(): void {
    const left = waiting;
    waiting = [];
    placesMs = [];
    for (const { delivery } of left) giveBack(delivery);
  }

  function start(delivery: ClaimedDelivery): void {
    const login = delivery.bankLoginId;
    inFlightCount++;
    if (login !== null) busyLogins.add(login);
    attempt(delivery).then((outcome) => {
      inFlightCount--;
      if (login !== null) busyLogins.delete(login);
      failureCount = outcome === 'delivered' ? 0 : failureCount + 1;
      notePace(outcome === 'delivered');
      if (outcome === 'stop') release();
      sendNext();
    });
  }

  function inFlightLimit(): number {
    if (failureCount >= failuresUntilCautious) return requestsInFlightWhileFailing;
    return Math.max(requestsInFlight, Math.floor((requestsInFlightAtMost * most) / heldPerEndpoint));
  }

  function sendNext(): void {
    const limit = inFlightLimit();
    while (inFlightCount < limit && timer === null) {
      const index = waiting.findIndex(
        ({ delivery: { bankLoginId } }) => bankLoginId === null || !busyLogins.has(bankLoginId),
      );
      const next = waiting[index];
      if (!next) return;
      const nowMs = performance.now();
      if (nowMs > next.sendBeforeMs) {
        waiting.splice(index, 1);
        giveBack(next.delivery);
        continue;
      }
      const placeMs = rate ? (placesMs[0] ?? nowMs) : nowMs;
      // Places that a slow receiver let pass are made up for, but not faster than the rate.
      const waitMs = placeMs > nowMs ? placeMs - nowMs : (rate?.window.pass(nowMs) ?? 0);
      if (waitMs > 0) {
        resumeIn(waitMs);
        return;
      }
      waiting.splice(index, 1);
      placesMs.shift();
      start(next.delivery);
    }
  }

  function resumeIn(waitMs: number): void {
    timer = setTimeout(() => {
      timer = null;
      sendNext();
    }, Math.ceil(waitMs));
  }

  function follow(limit: number | null): void {
    if (limit === (rate?.limit ?? null)) return;
    rate = limit === null ? null : { limit, window: createRateWindow(limit) };
  }

  return {
    add(deliveries, claimedAtMs) {
      const [first] = deliveries;
      if (!first) return;
      const { rateLimit, paceMs } = first.endpoint;
      follow(rateLimit);
      if (rateLimit !== null && paceMs !== null) {
        const firstMs = performance.now() + paceMs;
        for (const index of deliveries.keys()) placesMs.push(firstMs + (index * 1_000) / rateLimit);
      }
      if (first.endpoint.isFailing) failureCount = Math.max(failureCount, failuresUntilCautious);
      for (const delivery of deliveries) waiting.push({ delivery, sendBeforeMs: claimedAtMs + sendWithinMs });
      sendNext();
    },
    release,
    most: () => most,
    listWaiting: () => waiting.map(({ delivery }) => delivery.id),
    drop(deliveryIds) {
      const dropped = waiting.filter(({ delivery }) => deliveryIds.has(delivery.id));
      waiting = waiting.filter(({ delivery }) => !deliveryIds.has(delivery.id));
      for (const { delivery } of dropped) giveBack(delivery);
    },
  };
}
