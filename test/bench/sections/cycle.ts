import { createBankDirectory } from '../../../src/banking/bank-directory.ts';
import { sandboxBanks } from '../../../src/config/sandbox-banks.ts';
import { fetchBankData } from '../../../src/sync/bank-fetch.ts';
import type { Contestant, Section } from '../section.ts';
import { type Begun, openSynchronizationWorld } from '../synchronization-world.ts';

export const section: Section = {
  about:
    'A cycle through ledger, budget and job store, of load-<n> users whose bank answers at once, in a process of its own.',
  async open(bench) {
    const count = bench.quick ? 400 : 2_000;
    const rounds = 3;
    const bank = await bench.startHelper('sandbox-bank', { consentCount: 2 * count * (rounds + 1) });
    const banks = createBankDirectory(sandboxBanks(bank.ready.url ?? ''));
    bench.onClose(banks.close);
    const world = await openSynchronizationWorld(bench, { banks, bankId: 'bank_sandbox' });
    await world.startJobs();

    const bare: Contestant = {
      name: 'bare loop',
      async measure() {
        const logins: { number: number; begun: Begun }[] = [];
        for (const user of await world.enrol(count)) logins.push({ ...user, begun: await world.begin(user.loginId) });
        const port = banks.get(world.bankId);
        const signal = new AbortController().signal;
        const from = new Date(Date.now() - 89 * 86_400_000).toISOString().slice(0, 10);
        return await timed(count, async () => {
          for (const { number, begun } of logins) {
            const fetched = await fetchBankData(port, {
              access: { consentId: `consent-${number}`, psu: null, signal },
              since: () => from,
              fallback: from,
              beforeAccount: async () => {},
              beforeFallback: async () => {},
            });
            await world.storeFetched(begun, fetched);
          }
        });
      },
    };
    const tidewater: Contestant = {
      name: 'tidewater',
      async measure() {
        await world.enrol(count);
        const figures = await timed(count, async () => void (await world.runCycle()));
        const synchronized = await world.countSynchronized();
        if (synchronized !== count) throw new Error(`${synchronized} of ${count} users are synchronized.`);
        return figures;
      },
    };
    return [
      {
        name: `${count.toLocaleString('en-US')} users`,
        figures: { rate: 'users/s', cpu: 'µs of this process per user' },
        contestants: [bare, tidewater],
        targets: [{ figure: 'rate', ours: tidewater.name, against: bare.name, atLeast: 0.7 }],
        rounds,
      },
    ];
  },
};

async function timed(count: number, work: () => Promise<void>): Promise<Record<string, number>> {
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  await work();
  const seconds = (performance.now() - begin) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  return { rate: count / seconds, cpu: (cpu.user + cpu.system) / count };
}
