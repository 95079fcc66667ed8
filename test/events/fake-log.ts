import { setImmediate as turn } from 'node:timers/promises';
import type { EventRecord } from '../../src/events/event-record.ts';
import type { EventStore } from '../../src/events/event-store.ts';
import type { EventFilter } from '../../src/events/subscriber-index.ts';
import { matches } from '../../src/events/subscriber-index.ts';
import { now } from './event-world.ts';

export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

export interface FakeLog {
  records: EventRecord[];
  /** Per reading: the filter's client and where it began. */
  readings: Array<{ after: bigint; filtered: boolean }>;
  store: Pick<EventStore, 'readPage' | 'head' | 'heads'>;
  /** Returns the new head. */
  write(count: number, more?: Partial<EventRecord>): bigint;
}

export interface FakeLogOptions {
  pageSize?: number;
  /** In turns of the event loop, before and after each look at the log. */
  delay?: () => number;
}

/** A log of one client in memory. */
export function createFakeLog({ pageSize = 200, delay = () => 0 }: FakeLogOptions = {}): FakeLog {
  const records: EventRecord[] = [];
  const readings: FakeLog['readings'] = [];
  const head = (): bigint => BigInt(records.length);
  return {
    records,
    readings,
    store: {
      async readPage(filter: EventFilter, after) {
        readings.push({ after, filtered: Object.keys(filter).length > 1 });
        await turns(delay());
        const rest = records.filter((record) => record.position > after && matches(filter, record));
        const page = { records: rest.slice(0, pageSize), complete: rest.length < pageSize };
        await turns(delay());
        return page;
      },
      async head() {
        await turns(delay());
        const found = head();
        await turns(delay());
        return found;
      },
      heads: async (clientIds) => new Map(clientIds.map((clientId) => [clientId, head()])),
    },
    write(count, more = {}) {
      for (let i = 0; i < count; i++) records.push({ ...emptyRecord(head() + 1n), ...more });
      return head();
    },
  };
}

function emptyRecord(position: bigint): EventRecord {
  return {
    id: `evt_${position}`,
    clientId: 'cli_1',
    position,
    type: 'WEBHOOK_TEST',
    occurredAt: now,
    userId: position % 2n === 0n ? 'usr_even' : 'usr_odd',
    bankLoginId: null,
    cycleId: null,
    endpointId: null,
    data: { message: `${position}` },
  };
}
