import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRateWindow } from '../../src/webhooks/rate-window.ts';

test('no second, wherever it begins, lets more than the limit through; and waiting as told is enough', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 300 }),
      (limit, gaps) => {
        const window = createRateWindow(limit);
        const passed: number[] = [];
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          const waitMs = window.pass(now);
          if (waitMs > 0) {
            now += waitMs;
            expect(window.pass(now)).toBe(0);
          }
          passed.push(now);
        }
        for (let index = limit; index < passed.length; index++) {
          expect((passed[index] ?? 0) - (passed[index - limit] ?? 0)).toBeGreaterThanOrEqual(1_000);
        }
      },
    ),
  );
});

test('what fits is let through at once', () => {
  const window = createRateWindow(3);
  expect([window.pass(0), window.pass(0), window.pass(500), window.pass(600)]).toEqual([0, 0, 0, 400]);
});
