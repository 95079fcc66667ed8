import { describe, expect, it } from 'vitest';
import { windowStart } from '../../src/sync/fetch-window.ts';

const now = new Date('2026-03-10T10:00:00Z');
const fresh = new Date('2026-03-10T09:56:00Z');
const stale = new Date('2026-03-10T09:54:00Z');

describe('the first day that a bank is asked for', () => {
  it.each<[promise: string, given: Omit<Parameters<typeof windowStart>[0], 'now'>, from: string]>([
    [
      'is two years back right after the SCA',
      { attended: true, authorisedAt: fresh, lastBookingDate: null },
      '2024-03-10',
    ],
    ['is 89 days back later', { attended: true, authorisedAt: stale, lastBookingDate: null }, '2025-12-11'],
    [
      'is 89 days back without the end user',
      { attended: false, authorisedAt: fresh, lastBookingDate: null },
      '2025-12-11',
    ],
    [
      'is a week before the newest booking seen',
      { attended: false, authorisedAt: stale, lastBookingDate: '2026-03-09' },
      '2026-03-02',
    ],
    [
      'never lies further back than 89 days without a fresh SCA',
      { attended: false, authorisedAt: stale, lastBookingDate: '2025-06-01' },
      '2025-12-11',
    ],
    [
      'closes the gap of a long pause right after the SCA',
      { attended: true, authorisedAt: fresh, lastBookingDate: '2025-06-08' },
      '2025-06-01',
    ],
    [
      'is a week back where the bank has booked ahead',
      { attended: false, authorisedAt: stale, lastBookingDate: '2026-04-30' },
      '2026-03-03',
    ],
  ])('%s', (_promise, given, from) => {
    expect(windowStart({ now, ...given })).toBe(from);
  });
});
