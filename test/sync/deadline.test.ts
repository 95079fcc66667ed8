import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startDeadline } from '../../src/sync/deadline.ts';

afterEach(() => vi.useRealTimers());

describe('a deadline', () => {
  it('aborts when the time is over, and says that it was the time', () => {
    vi.useFakeTimers();
    const deadline = startDeadline(60_000, new AbortController().signal);
    vi.advanceTimersByTime(59_999);
    expect([deadline.signal.aborted, deadline.isOver]).toEqual([false, false]);
    vi.advanceTimersByTime(1);
    expect([deadline.signal.aborted, deadline.isOver]).toEqual([true, true]);
  });

  it('aborts with the outer signal, and says that it was not the time', () => {
    const outer = new AbortController();
    const deadline = startDeadline(60_000, outer.signal);
    outer.abort(new Error('stop'));
    expect([deadline.signal.aborted, deadline.isOver]).toEqual([true, false]);
    deadline.clear();
    expect(startDeadline(60_000, outer.signal).signal.reason).toBe(outer.signal.reason);
  });

  it('leaves no timer and no listener behind', () => {
    vi.useFakeTimers();
    const outer = new AbortController();
    startDeadline(60_000, outer.signal).clear();
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(outer.signal, 'abort')).toHaveLength(0);
  });
});
