import { expect, test } from 'vitest';
import { type AttemptRecord, createAttemptStore } from '../../src/webhooks/attempt-store.ts';
import { createResultRecorder } from '../../src/webhooks/result-recorder.ts';
import { createWorld } from './webhook-world.ts';

// Cause: the batch was tried as a whole until all of it was given up.
test('a result that the database refuses for its data is lost alone, and named in the log', async () => {
  const world = await createWorld();
  await world.endpoint('http://127.0.0.1:9/');
  for (let index = 0; index < 20; index++) await world.emit({ bankLoginId: `login_${index}` });
  const deliveries = await world.deliveries();
  const recorded: AttemptRecord[] = [];
  const recorder = createResultRecorder({
    store: createAttemptStore(world.database),
    log: world.log,
    onRecorded: async (results) => void recorded.push(...results),
  });
  const faulty = deliveries[13]?.id;
  for (const { id, fencingToken } of deliveries) {
    recorder.add({
      ...{ deliveryId: id, fencingToken, outcome: 'delivered', durationMs: 1, responseStatus: 204, responseBody: null },
      ...{ startedAt: world.clock.now(), finishedAt: world.clock.now(), nextAttemptAt: null },
      error: id === faulty ? 'half of a pair: \ud83d' : null,
    });
  }
  await recorder.settled();
  const attempts = await world.attempts();
  expect(new Set(attempts.map(({ deliveryId }) => deliveryId))).toEqual(
    new Set(deliveries.flatMap(({ id }) => (id === faulty ? [] : [id]))),
  );
  expect(world.logged).toMatchObject([{ level: 'error', facts: { deliveryId: faulty, count: 1 } }]);
  expect(recorded).toHaveLength(20);
});

test('an error that holds what no text of the database can is recorded with replacement characters', async () => {
  const world = await createWorld({
    documents: { validate: () => [], run: async () => ({ errors: [`\u0000: and ${'😀'.repeat(300)}`] }) },
  });
  await world.endpoint('http://127.0.0.1:9/', { document: 'any' });
  await world.emit();
  await world.dispatcher().drain();
  const [attempt] = await world.attempts();
  expect(attempt?.error).toMatch(/^The endpoint's document failed: \ufffd: and 😀+\ufffd$/u);
  expect(world.logged).toEqual([]);
});
