import type { BankPort } from '../../../src/banking/bank-port.ts';
import type { Contestant, Section } from '../section.ts';
import { openSynchronizationWorld, toFetched, toTransactions } from '../synchronization-world.ts';

/** Over so many users a cost is averaged: in several cycles where one has fewer. */
const leastUsers = 10_000;

export const section: Section = {
  about: 'A cycle over more and more users, whose bank answers at once from memory: the cost of each, and the memory.',
  async open(bench) {
    const sizes = bench.quick ? [1_000, 10_000] : [1_000, 10_000, 100_000];
    if (bench.quick) bench.leaveOut('a cycle of 100,000 users: it takes minutes; run without --quick');
    const contestants: Contestant[] = [];
    for (const size of sizes) {
      const memory = createMemoryWatch(size);
      const bank = createBankInMemory(memory.note);
      const world = await openSynchronizationWorld(bench, { bankId: 'bank_bench', banks: { get: () => bank } });
      await world.startJobs();
      contestants.push({
        name: `${size.toLocaleString('en-US')} users`,
        async measure() {
          // A few seconds say little of a machine whose speed changes by the minute.
          const cycleCount = Math.ceil(leastUsers / size);
          const sum = { cost: 0, opening: 0, memory: 0 };
          for (let cycle = 0; cycle < cycleCount; cycle++) {
            await world.enrol(size);
            memory.reset();
            const { openMs, runMs } = await world.runCycle();
            const synchronized = await world.countSynchronized();
            if (synchronized !== size) throw new Error(`${synchronized} of ${size} users are synchronized.`);
            const { peakBytes, spentMs } = memory.seen();
            sum.cost += ((openMs + runMs - spentMs) * 1000) / size / cycleCount;
            sum.opening += openMs / cycleCount;
            sum.memory = Math.max(sum.memory, peakBytes / 2 ** 20);
          }
          return sum;
        },
      });
    }
    // Code that is called for the first time is slow: that is not to be held against the smallest.
    await contestants[0]?.measure();
    const [small, ...larger] = contestants.map(({ name }) => name);
    return [
      {
        name: 'a cycle',
        figures: { cost: 'µs per user', opening: 'ms', memory: 'MiB of heap in use at most' },
        contestants,
        targets: larger.flatMap((ours) =>
          ['cost', 'memory'].map((figure) => ({ figure, ours, against: small ?? '', atMost: 1.3 })),
        ),
        // One, for the largest takes minutes.
        rounds: 1,
        warmUps: 0,
      },
    ];
  },
};

/** What is really in use, at four points of the cycle: after a collection, whose time does not count. */
function createMemoryWatch(size: number) {
  let count = 0;
  let peakBytes = 0;
  let spentMs = 0;
  return {
    reset() {
      [count, peakBytes, spentMs] = [0, 0, 0];
    },
    note() {
      if (++count % Math.floor(size / 4) !== 0) return;
      const begin = performance.now();
      globalThis.gc?.();
      peakBytes = Math.max(peakBytes, process.memoryUsage().heapUsed);
      spentMs += performance.now() - begin;
    },
    seen: () => ({ peakBytes, spentMs }),
  };
}

function createBankInMemory(onAsked: () => void): BankPort {
  const [fetched] = toFetched('resource-1', toTransactions(20)).accounts;
  if (!fetched) throw new Error('nothing fetched');
  return {
    async listAccounts() {
      onAsked();
      return { accounts: [fetched.account], faults: [], complete: true };
    },
    readBalances: async () => ({ balances: fetched.balances ?? [], faults: [] }),
    async *listTransactions() {
      yield { transactions: fetched.transactions, faults: [], coversPending: true };
    },
  } as unknown as BankPort;
}
