import { describe, expect, test } from 'vitest';
import { createProcessorBudget } from '../../src/http/processor-budget.ts';
import { costInMs, priceInMs } from '../../src/http/processor-prices.ts';
import { eventually } from '../support/eventually.ts';

describe('the budget of a client', () => {
  const open = (share: number | null) => {
    const clock = { ms: 0 };
    const budget = createProcessorBudget({ share, savedSeconds: 4, now: () => clock.ms });
    return { clock, budget };
  };

  test('lasts for what has been saved, and comes back at its share', () => {
    const { clock, budget } = open(0.25);
    budget.charge('a', 999);
    expect(budget.waitSeconds('a')).toBeNull();
    budget.charge('a', 501);
    expect(budget.waitSeconds('a')).toBe(2);
    expect(budget.waitSeconds('b')).toBeNull();
    clock.ms = 2_001;
    expect(budget.waitSeconds('a')).toBeNull();
  });

  test('gives back what was charged too much, and no more than can be saved', () => {
    const { budget } = open(0.25);
    budget.charge('a', 1_500);
    budget.charge('a', -1_000);
    expect(budget.waitSeconds('a')).toBeNull();
    budget.charge('a', -1_000_000);
    budget.charge('a', 1_000);
    expect(budget.waitSeconds('a')).toBe(1);
  });

  test('is owed for so long as it can be saved, however much was taken at once', () => {
    const { budget } = open(0.25);
    budget.charge('a', 1_000_000);
    expect(budget.waitSeconds('a')).toBe(4);
  });

  test('has no end where the operator wants none', () => {
    const { budget } = open(null);
    budget.charge('a', 1_000_000);
    expect(budget.waitSeconds('a')).toBeNull();
  });

  test('lets so many operations run at once, the others in their order, and those of other clients beside them', async () => {
    const budget = createProcessorBudget({ share: 1, running: 2 });
    const began: string[] = [];
    const ends = new Map<string, () => void>();
    const start = (client: string, name: string) =>
      budget.run(client, async () => {
        began.push(name);
        await new Promise<void>((resolve) => ends.set(name, resolve));
      });
    const all = [start('a', 'a1'), start('a', 'a2'), start('a', 'a3'), start('a', 'a4'), start('b', 'b1')];
    await new Promise(setImmediate);
    expect(began).toEqual(['a1', 'a2', 'b1']);
    ends.get('a2')?.();
    await eventually(() => began.length === 4, { what: 'the third operation' });
    expect(began).toEqual(['a1', 'a2', 'b1', 'a3']);
    for (const name of ['a1', 'a3', 'b1']) ends.get(name)?.();
    await eventually(() => ends.has('a4'), { what: 'the fourth operation' });
    ends.get('a4')?.();
    await Promise.all(all);
  });

  test('goes on when an operation fails', async () => {
    const budget = createProcessorBudget({ share: 1, running: 1 });
    const failed = budget.run('a', () => Promise.reject(new Error('fails')));
    const next = budget.run('a', async () => 'runs');
    await expect(failed).rejects.toThrow('fails');
    expect(await next).toBe('runs');
  });
});

test('a long answer costs more than a short one, whatever they were priced', () => {
  expect(costInMs(200)).toBeLessThan(priceInMs(100));
  expect(costInMs(1_000_000)).toBeGreaterThan(priceInMs(100));
});
