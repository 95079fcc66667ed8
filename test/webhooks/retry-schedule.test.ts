import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attemptDelaysMs, endpointPauseMs, nextAttemptAt, parseRetryAfter } from '../../src/webhooks/retry-schedule.ts';

const failedAt = new Date('2026-03-10T10:00:00Z');
const second = 1_000;
const hour = 3_600_000;

function delayMs(attemptCount: number, options: { retryAfterMs?: number; random?: number } = {}): number | null {
  const next = nextAttemptAt({ attemptCount, failedAt, retryAfterMs: null, random: 0.5, ...options });
  return next && next.getTime() - failedAt.getTime();
}

test('attempts follow at 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h; then it is given up', () => {
  const delays = Array.from({ length: 11 }, (_, index) => delayMs(index + 1));
  expect(attemptDelaysMs[0]).toBe(0);
  expect(delays).toEqual([
    ...[5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400].map((seconds) => seconds * second),
    null,
    null,
  ]);
});

test('jitter keeps within 20 % of the delay', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.double({ min: 0, max: 1, noNaN: true }), (attemptCount, random) => {
      const base = attemptDelaysMs[attemptCount] ?? 0;
      const delay = delayMs(attemptCount, { random }) ?? 0;
      expect(delay).toBeGreaterThanOrEqual(base * 0.8);
      expect(delay).toBeLessThanOrEqual(base * 1.2);
    }),
  );
  expect(delayMs(1, { random: 0 })).toBe(4 * second);
  expect(delayMs(1, { random: 0.999999 })).toBe(6 * second);
});

test('Retry-After is honoured between the delay and twice the delay, whatever the jitter', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.double({ min: 0, max: 1e12, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attemptCount, retryAfterMs, random) => {
        const base = attemptDelaysMs[attemptCount] ?? 0;
        const delay = delayMs(attemptCount, { retryAfterMs, random }) ?? 0;
        expect(delay).toBeGreaterThanOrEqual(Math.floor(Math.min(Math.max(base, retryAfterMs), 2 * base)));
        expect(delay).toBeLessThanOrEqual(2 * base);
      },
    ),
  );
  expect(delayMs(1, { retryAfterMs: 7_000 })).toBe(7_000);
  expect(delayMs(1, { retryAfterMs: 1 })).toBe(5_000);
  expect(delayMs(1, { retryAfterMs: Number.POSITIVE_INFINITY })).toBe(10_000);
  expect(delayMs(10, { retryAfterMs: 1 })).toBeNull();
});

describe('Retry-After is read', () => {
  test.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Tue, 10 Mar 2026 10:02:00 GMT', 120_000],
    ['Tuesday, 10-Mar-26 10:02:00 GMT', 120_000],
    ['Tue Mar 10 10:02:00 2026 GMT', 120_000],
    ['Tue, 10 Mar 2026 09:00:00 GMT', 0],
    ['9'.repeat(400), Number.POSITIVE_INFINITY],
  ])('%s', (value, expected) => expect(parseRetryAfter(value, failedAt)).toBe(expected));

  test.each(['', '  ', '-5', '1.5', '1e3', 'soon', '2026-03-10T10:02:00Z', '0x10', 'Tue, nonsense', undefined, null])(
    'and not from %s',
    (value) => expect(parseRetryAfter(value, failedAt)).toBeNull(),
  );
});

describe('an endpoint is left alone', () => {
  const pause = (responseStatus: number | null, retryAfterMs: number | null = null, attemptCount = 1) =>
    endpointPauseMs({ responseStatus, retryAfterMs, attemptCount });

  test('for a few seconds when it says that it is overloaded', () => {
    for (const status of [429, 502, 503, 504]) expect(pause(status)).toBe(5 * second);
    expect(pause(503, null, 9)).toBe(5 * second);
  });
  test('as long as it asks, within twice the delay and an hour', () => {
    expect(pause(429, 8 * second)).toBe(8 * second);
    expect(pause(500, 8 * second)).toBe(8 * second);
    expect(pause(429, 1)).toBe(5 * second);
    expect(pause(429, 60 * second)).toBe(10 * second);
    expect(pause(503, 24 * hour, 9)).toBe(hour);
    expect(pause(503, 24 * hour, 10)).toBe(hour);
  });
  test('but not for any other failure', () => {
    for (const status of [null, 301, 400, 404, 410, 500, 501]) expect(pause(status)).toBeNull();
  });
});
