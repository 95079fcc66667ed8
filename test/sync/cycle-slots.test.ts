import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextSlot, slotAt, windowMs } from '../../src/sync/cycle-slots.ts';

describe('slots', () => {
  it.each([
    ['2026-03-10T03:59:59.999Z', '2026-03-09T16:00:00.000Z'],
    ['2026-03-10T04:00:00.000Z', '2026-03-10T04:00:00.000Z'],
    ['2026-03-10T15:59:59.999Z', '2026-03-10T04:00:00.000Z'],
    ['2026-03-10T16:00:00.000Z', '2026-03-10T16:00:00.000Z'],
    ['2026-01-01T00:00:00.000Z', '2025-12-31T16:00:00.000Z'],
    // The nights on which Europe's clocks change: UTC knows nothing of it.
    ['2026-03-29T01:30:00.000Z', '2026-03-28T16:00:00.000Z'],
  ])('at %s the slot of %s is open', (now, opensAt) => {
    expect(slotAt(new Date(now)).opensAt.toISOString()).toBe(opensAt);
  });

  it('tile the day: the window holds the moment, and the next begins where it ends', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }), (now) => {
        const slot = slotAt(now);
        expect(slot.opensAt <= now && now < slot.closesAt).toBe(true);
        expect(slot.closesAt.getTime() - slot.opensAt.getTime()).toBe(windowMs);
        expect(nextSlot(now).opensAt).toEqual(slot.closesAt);
      }),
    );
  });
});
