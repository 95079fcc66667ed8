import { createBankDirectory } from '../../../src/banking/bank-directory.ts';
import { sandboxBanks } from '../../../src/config/sandbox-banks.ts';
import { ownCredentials } from '../../../src/consent/credential-keeper.ts';
import { fetchBankData } from '../../../src/sync/bank-fetch.ts';
import { safeWindowStart, windowStart } from '../../../src/sync/fetch-window.ts';
import type { Contestant, Section } from '../section.ts';
import { type Begun, openSynchronizationWorld } from '../synchronization-world.ts';

export const section: Section = {
  about:
    'A cycle through ledger, budget and job store, of load-<n> users whose bank answers at once, in a process of its own.',
  async open(bench) {
    const count = bench.quick ? 400 : 2_000;
    const rounds = 3;
    const bank = await bench.startHelper('sandbox-bank', { consentCount: 2 * count });
    const banks = createBankDirectory(sandboxBanks(bank.ready.url ?? ''));
    bench.onClose(banks.close);
    const world = await openSynchronizationWorld(bench, { banks, bankId: 'bank_sandbox' });
    await world.startJobs();

    // Enrolled once, so that all but the warm-up find accounts that are known, as cycles do. What the law allows of a day
    // is four accesses, which are the warm-up and three rounds.
    const usersOfBare = await world.enrol(count);
    await world.enrol(count);
    const bare: Contestant = {
      name: 'bare loop',
      async measure() {
        const logins: { number: number; begun: Begun }[] = [];
        for (const user of usersOfBare) logins.push({ ...user, begun: await world.begin(user.loginId) });
        const port = banks.get(world.bankId);
        const signal = new AbortController().signal;
        const now = new Date();
        return await timed(count, async () => {
          for (const { number, begun } of logins) {
            const { accounts, consent } = begun.context;
            const lastBookingDate = accounts[0]?.lastBookingDate ?? null;
            const authorisedAt = consent?.authorisedAt ?? now;
            const fetched = await fetchBankData(port, {
              access: { credentials: ownCredentials(`consent-${number}`, async () => {}), psu: null, signal },
              since: () => windowStart({ now, attended: false, authorisedAt, lastBookingDate }),
              fallback: safeWindowStart(now),
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
