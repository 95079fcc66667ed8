import { expect, it } from 'vitest';
import { createBankOutages } from '../../src/sync/bank-outages.ts';
import { fixedClock } from '../support/fixed-clock.ts';

const minute = 60_000;
const logins = ['l1', 'l2', 'l3', 'l4', 'l5'];

it('passes over a bank after failures of five logins in a row, for longer every time, and for half an hour at most', () => {
  const clock = fixedClock();
  const outages = createBankOutages(clock);
  for (const login of logins.slice(1)) outages.noteFailure('a', login);
  expect(outages.passedOverUntil('a')).toBeNull();
  for (const minutes of [5, 10, 20, 30, 30]) {
    outages.noteFailure('a', 'l1');
    const until = new Date(clock.now().getTime() + minutes * minute);
    clock.advance(minutes * minute - 1);
    expect(outages.passedOverUntil('a')).toEqual(until);
    clock.advance(1);
    expect(outages.passedOverUntil('a')).toBeNull();
  }
});

it('does not take one login that keeps failing for the bank', () => {
  const outages = createBankOutages(fixedClock());
  for (let n = 0; n < 50; n++) outages.noteFailure('a', 'l1');
  expect(outages.passedOverUntil('a')).toBeNull();
});

it('is not put off for longer by what fails meanwhile', () => {
  const outages = createBankOutages(fixedClock());
  for (const login of logins) outages.noteFailure('a', login);
  const until = outages.passedOverUntil('a');
  outages.noteFailure('a', 'l6');
  expect(outages.passedOverUntil('a')).toEqual(until);
});

it('forgets a bank’s failures when it answers, and those of no other', () => {
  const outages = createBankOutages(fixedClock());
  for (const login of logins) {
    outages.noteFailure('a', login);
    outages.noteFailure('b', login);
  }
  outages.noteAnswer('a');
  expect(outages.passedOverUntil('a')).toBeNull();
  expect(outages.passedOverUntil('b')).not.toBeNull();
});
