import type { Clock } from '../../src/domain/clock.ts';

/** The same time in every process that is given the same plan: as it is, then fast, then slower again. */
export interface ClockPlan {
  /** Real time, in milliseconds since 1970. Until then the clock shows it. */
  fastFromMs: number;
  fastUntilMs: number;
  /** How much faster than real time. */
  speed: number;
  /** From `fastUntilMs` on. */
  speedAfter: number;
}

export function createFastClock({ fastFromMs, fastUntilMs, speed, speedAfter }: ClockPlan): Clock {
  return {
    now() {
      const realMs = Date.now();
      const fastMs = Math.max(Math.min(realMs, fastUntilMs) - fastFromMs, 0);
      const afterMs = Math.max(realMs - fastUntilMs, 0);
      return new Date(Math.min(realMs, fastFromMs) + fastMs * speed + afterMs * speedAfter);
    },
  };
}

const hourMs = 3_600_000;
const slotMs = 12 * hourMs;

/** Real time, set forward to an hour after a slot's opening: no other slot opens while a test lasts. */
export function planQuietClock(nowMs: number): ClockPlan {
  const intoSlotMs = (nowMs - 4 * hourMs) % slotMs;
  const aheadMs = slotMs + hourMs - intoSlotMs;
  return { fastFromMs: nowMs - 1_000, fastUntilMs: nowMs, speed: 1 + aheadMs / 1_000, speedAfter: 1 };
}

/** A plan by which a slot takes `slotSeconds`, for about `seconds`; it ends when a slot has been open for a third of its window. */
export function planClock(given: { nowMs: number; slotSeconds: number; seconds: number }): ClockPlan {
  const { nowMs, slotSeconds, seconds } = given;
  const speed = slotMs / (slotSeconds * 1_000);
  // Slots open at 04:00 and 16:00 UTC.
  const intoSlotMs = (nowMs - 4 * hourMs) % slotMs;
  const slots = Math.max(Math.round(seconds / slotSeconds), 1);
  const fastMs = (slots * slotMs - intoSlotMs + slotMs / 3) / speed;
  return { fastFromMs: nowMs, fastUntilMs: nowMs + fastMs, speed, speedAfter: 60 };
}
