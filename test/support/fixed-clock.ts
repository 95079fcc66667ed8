import type { Clock } from '../../src/domain/clock.ts';

export interface FixedClock extends Clock {
  advance(ms: number): void;
  set(date: Date | string): void;
}

/** A clock that stands still until the test moves it. */
export function fixedClock(start: Date | string = '2026-03-10T10:00:00Z'): FixedClock {
  let current = new Date(start).getTime();
  return {
    now: () => new Date(current),
    advance(ms) {
      current += ms;
    },
    set(date) {
      current = new Date(date).getTime();
    },
  };
}
