import type { EventType } from '../generated/prisma/enums.ts';
import type { EventData } from './event-catalogue.ts';
import { toCursor } from './event-cursor.ts';

/** An event to be written. `id` is made up when it is left out. */
export interface NewEvent<T extends EventType = EventType> {
  id?: string;
  clientId: string;
  type: T;
  data: EventData<T>;
  userId?: string | null;
  bankLoginId?: string | null;
  cycleId?: string | null;
  endpointId?: string | null;
  occurredAt: Date;
}

/** An event of the log. */
export interface EventRecord {
  id: string;
  clientId: string;
  /** 1, 2, 3 … per client, in the order of commit; erasure leaves gaps that are never filled. */
  position: bigint;
  type: EventType;
  occurredAt: Date;
  userId: string | null;
  bankLoginId: string | null;
  cycleId: string | null;
  endpointId: string | null;
  data: EventData<EventType>;
}

/** The fields that every event has, as the API returns them and webhooks carry them. */
export function toEventHead(
  event: Pick<EventRecord, 'id' | 'type' | 'position' | 'occurredAt'>,
): Record<string, unknown> {
  return {
    id: event.id,
    type: event.type,
    cursor: toCursor(event.position),
    occurredAt: event.occurredAt.toISOString(),
  };
}

/** The event as the API returns it and webhooks carry it: its own fields and those that every event has. */
export function toEventBody(event: EventRecord): Record<string, unknown> {
  return { ...toEventHead(event), ...event.data };
}
