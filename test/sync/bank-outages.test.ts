import { expect, it } from 'vitest';
import { createBankOutages } from '../../src/sync/bank-outages.ts';
import { fixedClock } from '../support/fixed-clock.ts';

const minute = 60_000;

it('passes over a bank after five failures in a row, for longer every time, and for half an hour at most', () => {
  const clock = fixedClock();
  const outages = createBankOutages(clock);
  for (let n = 0; n < 4; n++) outages.noteFailure('a');
  expect(outages.isPassedOver('a')).toBe(false);
  for (const minutes of [5, 10, 20, 30, 30]) {
    outages.noteFailure('a');
    clock.advance(minutes * minute - 1);
    expect(outages.isPassedOver('a')).toBe(true);
    clock.advance(1);
    expect(outages.isPassedOver('a')).toBe(false);
  }
});

it('forgets a bank’s failures when it answers, and those of no other', () => {
  const outages = createBankOutages(fixedClock());
  for (let n = 0; n < 5; n++) {
    outages.noteFailure('a');
    outages.noteFailure('b');
  }
  outages.noteAnswer('a');
  expect([outages.isPassedOver('a'), outages.isPassedOver('b')]).toEqual([false, true]);
});
