import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until the check returns something true (not undefined), and returns that. A check that throws is tried again; at
 * the limit its last error is thrown.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { limitMs = 10_000, intervalMs = 20, what = 'the condition' } = {},
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const end = performance.now() + limitMs;
  let lastError: unknown;
  while (true) {
    try {
      const value = await check();
      if (value) return value as Exclude<T, false | null | undefined | 0 | ''>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > end) {
      throw lastError ?? new Error(`Waited ${limitMs} ms in vain for ${what}.`);
    }
    await delay(intervalMs);
  }
}
