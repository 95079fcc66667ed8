import type { EventRecord } from '../../src/events/event-record.ts';

/** An event of no account. */
export function testEvent(position: bigint): EventRecord {
  return {
    id: `evt_${String(position).padStart(26, '0')}`,
    clientId: 'cli_test',
    position,
    type: 'WEBHOOK_TEST',
    occurredAt: new Date('2026-03-10T10:00:00Z'),
    userId: null,
    bankLoginId: null,
    cycleId: null,
    endpointId: null,
    data: { message: `message ${position}` },
  };
}

/** Streams that the test feeds and that say when their reader has left. */
export function createTestEvents() {
  const streams: {
    push: (event: EventRecord) => void;
    fail: (error: Error) => void;
    left: boolean;
    after: bigint | null;
  }[] = [];
  return {
    streams,
    stream({ abort, after }: { abort: AbortSignal; after: bigint | null }): AsyncIterable<EventRecord> {
      const waiting: EventRecord[] = [];
      let wake = () => {};
      let failure: Error | null = null;
      const stream = {
        left: false,
        after,
        push: (event: EventRecord) => {
          waiting.push(event);
          wake();
        },
        fail: (error: Error) => {
          failure = error;
          wake();
        },
      };
      streams.push(stream);
      abort.addEventListener('abort', () => {
        stream.left = true;
        wake();
      });
      return (async function* () {
        while (!abort.aborted) {
          const next = waiting.shift();
          if (next) yield next;
          else if (failure) throw failure;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      })();
    },
  };
}
