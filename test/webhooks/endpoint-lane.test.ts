import { expect, test } from 'vitest';
import {
  heldPerEndpoint,
  requestsInFlight,
  requestsInFlightAtMost,
  requestsInFlightWhileFailing,
} from '../../src/webhooks/delivery-limits.ts';
import type { ClaimedDelivery } from '../../src/webhooks/delivery-store.ts';
import { createEndpointLane } from '../../src/webhooks/endpoint-lane.ts';

type Outcome = 'delivered' | 'failed' | 'stop';

/** A lane whose attempts end when they are told to, the oldest first. */
function createScriptedLane() {
  const inFlight: Array<(outcome: Outcome) => void> = [];
  let number = 0;
  const lane = createEndpointLane({
    attempt: () => new Promise<Outcome>((resolve) => inFlight.push(resolve)),
    giveBack: () => {},
  });
  return {
    lane,
    countInFlight: () => inFlight.length,
    claim(count: number) {
      const deliveries = Array.from({ length: count }, () => ({
        id: `whd_${++number}`,
        bankLoginId: `login_${number}`,
        endpoint: { id: 'whe_1', rateLimit: null, paceMs: null, isFailing: false },
      }));
      lane.add(deliveries as ClaimedDelivery[], performance.now());
    },
    async end(count: number, outcome: Outcome) {
      for (let ended = 0; ended < count; ended++) {
        inFlight.shift()?.(outcome);
        await Promise.resolve();
      }
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test('an endpoint that accepts what it is given is sent more at a time, up to a limit', async () => {
  const { lane, claim, end, countInFlight } = createScriptedLane();
  claim(4 * heldPerEndpoint);
  expect(countInFlight()).toBe(requestsInFlight);
  await end(2 * heldPerEndpoint, 'delivered');
  expect(lane.most()).toBe(heldPerEndpoint);
  expect(countInFlight()).toBe(requestsInFlightAtMost);
});

test('one that has begun to fail is sent few at a time, and few more when it is back', async () => {
  const { lane, claim, end, countInFlight } = createScriptedLane();
  claim(4 * heldPerEndpoint);
  await end(2 * heldPerEndpoint, 'delivered');
  await end(requestsInFlightAtMost, 'failed');
  expect(countInFlight()).toBe(requestsInFlightWhileFailing);
  await end(requestsInFlightWhileFailing, 'delivered');
  expect(lane.most()).toBeLessThan(heldPerEndpoint);
  expect(countInFlight()).toBe(requestsInFlight);
});
