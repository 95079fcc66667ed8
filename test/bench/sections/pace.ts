import { createBankDirectory } from '../../../src/banking/bank-directory.ts';
import { sandboxBanks } from '../../../src/config/sandbox-banks.ts';
import { toCriticalCallCount } from '../paced-logins.ts';
import type { Contestant, Section } from '../section.ts';
import { openSynchronizationWorld } from '../synchronization-world.ts';

const callMs = 250;
/** The default of a bank's entry. */
const callsAtOnce = 4;

export const section: Section = {
  about: `A cycle at a bank's real pace: ${callMs} ms per call, 1 to 4 accounts, a second page in one of five.`,
  async open(bench) {
    // Of each number of accounts as many.
    const count = bench.quick ? 8 : 20;
    const bank = await bench.startHelper('paced-bank', { callMs });
    const entries = sandboxBanks(bank.ready.url ?? '').filter(({ id }) => id === 'bank_sandbox');
    const banks = createBankDirectory(entries);
    bench.onClose(banks.close);
    const world = await openSynchronizationWorld(bench, { banks, bankId: 'bank_sandbox' });
    await world.startJobs();
    const logins = await world.enrol(count);
    const calls = logins.reduce((sum, { number }) => sum + toCriticalCallCount(number, callsAtOnce), 0);
    const criticalPath: Contestant = {
      name: 'critical path',
      measure: async () => ({ time: (calls * callMs) / count }),
    };
    const tidewater: Contestant = {
      name: 'tidewater',
      async measure() {
        const { runMs } = await world.runCycle();
        const synchronized = await world.countSynchronized();
        if (synchronized !== count) throw new Error(`${synchronized} of ${count} users are synchronized.`);
        return { time: runMs / count };
      },
    };
    return [
      {
        name: `${count} users, one after another`,
        figures: { time: 'ms per user' },
        contestants: [criticalPath, tidewater],
        targets: [{ figure: 'time', ours: tidewater.name, against: criticalPath.name, atMost: 1.15 }],
        // With the warm-up, what the law allows of a day.
        rounds: 3,
      },
    ];
  },
};
