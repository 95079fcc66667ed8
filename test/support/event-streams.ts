import { onTestFinished } from 'vitest';
import { createEventFeeds } from '../../src/events/event-feed.ts';
import type { EventRecord } from '../../src/events/event-record.ts';
import { createLocalEventSignal } from '../../src/events/event-signal.ts';
import { createEventStreams } from '../../src/events/event-stream.ts';
import { createEventTail } from '../../src/events/event-tail.ts';
import { createFakeLog } from '../events/fake-log.ts';

/** The events that a door streams, from a log in memory of one client. */
export function createTestEvents(clientId = 'cli_test') {
  const fake = createFakeLog();
  const signal = createLocalEventSignal();
  const tail = createEventTail({ store: fake.store, signal });
  onTestFinished(() => tail.close());
  const stream = createEventStreams({ store: fake.store, tail });
  return {
    stream,
    head: fake.store.head,
    openFeed: createEventFeeds({ store: fake.store, stream }),
    /** Commits events: the first has the position 1, the id `evt_1` and the message `1`. */
    emit(count = 1, more: Partial<EventRecord> = {}): void {
      signal.publish(clientId, fake.write(count, more));
    },
    /** Whether anybody follows the log. */
    isFollowed: () => tail.position(clientId) !== null,
  };
}
