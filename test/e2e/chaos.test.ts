import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { renderReport } from '../chaos/report.ts';
import { runChaos } from '../chaos/run-chaos.ts';

// `npm run chaos -- --minutes 10` is the same for longer; there the seed of a run that failed can be given again.
it('loses nothing and does nothing twice, whatever breaks', { timeout: 400_000 }, async (test) => {
  const seed = randomBytes(4).toString('hex');
  const lines: string[] = [];
  const report = await runChaos({
    seed,
    seconds: 30,
    processes: 2,
    users: 15,
    lanes: 2,
    jobs: 'mongodb',
    slotSeconds: 10,
    leaseSeconds: 2,
    say: (line) => void lines.push(line),
  });
  if (report === null) return test.skip('PostgreSQL or MongoDB is missing');
  expect(report.violations, `${lines.join('\n')}\n${renderReport(report)}\nseed ${seed}`).toEqual([]);
  expect(report.cyclesOpened).toBeGreaterThan(1);
  expect(report.usersSynchronized).toBeGreaterThan(0);
});
