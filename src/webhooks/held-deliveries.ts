import type { HeldCount } from './claim-statement.ts';
import { heldInAll, heldPerEndpointAtFirst } from './delivery-limits.ts';
import type { ClaimedDelivery } from './delivery-store.ts';
import { createEndpointLane, type EndpointLane, type LaneDeps } from './endpoint-lane.ts';

/** What this process has claimed and not yet recorded, endpoint by endpoint. */
export interface HeldDeliveries {
  add(deliveries: readonly ClaimedDelivery[], claimedAtMs: number): void;
  /** One delivery of this endpoint has been recorded. */
  letGo(endpointId: string): void;
  /** Gives back whatever has not been sent, to this endpoint or to any. */
  release(endpointId?: string): void;
  /** The ids of what has not been sent. */
  listWaiting(): string[];
  /** Gives back those of them that have not been sent. */
  drop(deliveryIds: ReadonlySet<string>): void;
  /** By endpoint, of which something is held. */
  counts(): ReadonlyMap<string, number>;
  /** For the claim: of all whose count or allowance is not what an endpoint begins with. */
  heldCounts(): ReadonlyMap<string, HeldCount>;
  /** How many may still be claimed in all. */
  room(): number;
  isEmpty(): boolean;
  /** Whether enough has been dealt with to claim more for this endpoint: large batches cost less. */
  isWaitingForMore(endpointId: string): boolean;
}

// Lanes remember the pace of an endpoint; idle ones are forgotten, the oldest first.
const rememberedLanes = 2_000;

export function createHeldDeliveries(deps: LaneDeps): HeldDeliveries {
  const counts = new Map<string, number>();
  const lanes = new Map<string, EndpointLane>();
  let total = 0;

  function laneOf(endpointId: string): EndpointLane {
    const lane = lanes.get(endpointId) ?? createEndpointLane(deps);
    lanes.delete(endpointId);
    lanes.set(endpointId, lane);
    if (lanes.size > rememberedLanes) {
      for (const id of lanes.keys()) {
        if (counts.has(id)) continue;
        lanes.delete(id);
        break;
      }
    }
    return lane;
  }

  return {
    add(deliveries, claimedAtMs) {
      const groups = new Map<string, ClaimedDelivery[]>();
      for (const delivery of deliveries) {
        const group = groups.get(delivery.endpoint.id);
        if (group) group.push(delivery);
        else groups.set(delivery.endpoint.id, [delivery]);
      }
      for (const [id, group] of groups) {
        counts.set(id, (counts.get(id) ?? 0) + group.length);
        total += group.length;
        laneOf(id).add(group, claimedAtMs);
      }
    },
    letGo(endpointId) {
      const count = counts.get(endpointId);
      if (count === undefined) return;
      total--;
      if (count > 1) counts.set(endpointId, count - 1);
      else counts.delete(endpointId);
    },
    release(endpointId) {
      for (const id of endpointId === undefined ? counts.keys() : [endpointId]) lanes.get(id)?.release();
    },
    listWaiting: () => [...counts.keys()].flatMap((id) => lanes.get(id)?.listWaiting() ?? []),
    drop(deliveryIds) {
      if (deliveryIds.size > 0) for (const id of counts.keys()) lanes.get(id)?.drop(deliveryIds);
    },
    counts: () => counts,
    heldCounts() {
      const held = new Map<string, HeldCount>();
      for (const [id, lane] of lanes) {
        const count = counts.get(id) ?? 0;
        const most = lane.most();
        if (count > 0 || most !== heldPerEndpointAtFirst) held.set(id, { count, most });
      }
      return held;
    },
    room: () => heldInAll - total,
    isEmpty: () => total === 0,
    isWaitingForMore: (endpointId) => {
      const most = lanes.get(endpointId)?.most() ?? heldPerEndpointAtFirst;
      return (counts.get(endpointId) ?? 0) <= most / 2;
    },
  };
}
