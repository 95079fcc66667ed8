import { setTimeout as delay } from 'node:timers/promises';
import { type Child, startChild } from './child-process.ts';
import type { TidewaterOptions } from './tidewater-process.ts';

interface Member {
  child: Child<{ url: string }> | null;
  /** Something is being done to it: it is left alone. */
  busy: boolean;
}

/** Processes on the same stores, each started again whenever it has ended, as an operator's supervisor does. */
export interface Fleet {
  /** Of one that runs; null when none does. */
  findUrl(random: () => number): string | null;
  /** Does something to one that runs and is left alone, if there is one; it goes on by itself when this returns. */
  harm(random: () => number, deed: (child: Child<{ url: string }>) => Promise<void>): boolean;
  /** All run, and nothing is being done to them. */
  heal(): Promise<void>;
  /** Gives those that did not end in good order, with what they printed. */
  stop(): Promise<string[]>;
  kill(): Promise<void>;
}

export async function startFleet(
  size: number,
  options: TidewaterOptions,
  environment: Record<string, string>,
): Promise<Fleet> {
  const members: Member[] = Array.from({ length: size }, () => ({ child: null, busy: false }));
  const deeds = new Set<Promise<void>>();
  let isOver = false;

  // The database may be restarting: a start that fails is tried again.
  async function start(member: Member): Promise<void> {
    for (let tries = 0; !isOver; tries++) {
      try {
        member.child = await startChild<{ url: string }>('tidewater-process.ts', options, environment);
        return;
      } catch (error) {
        if (tries === 10) throw error;
        await delay(300);
      }
    }
  }

  await Promise.all(members.map(start));
  return {
    findUrl(random) {
      const running = members.filter(({ child, busy }) => child && !busy);
      return running[Math.floor(random() * running.length)]?.child?.ready.url ?? null;
    },
    harm(random, deed) {
      const running = members.filter(({ busy }) => !busy);
      const member = running[Math.floor(random() * running.length)];
      if (!member?.child) return false;
      member.busy = true;
      const work = (async (child) => {
        await deed(child);
        if (!child.isRunning()) await start(member);
        member.busy = false;
      })(member.child);
      deeds.add(work);
      void work.finally(() => deeds.delete(work)).catch(() => {});
      return true;
    },
    async heal() {
      await Promise.all(deeds);
      await Promise.all(members.map(async (member) => (member.child?.isRunning() ? null : await start(member))));
    },
    async stop() {
      isOver = true;
      const ends = members.map(async ({ child }) => {
        const output = child?.output() ?? '';
        const code = await child?.stop();
        return code === 0 ? [] : [`A process ended with ${code} when it was told to stop:\n${output}`];
      });
      return (await Promise.all(ends)).flat();
    },
    async kill() {
      isOver = true;
      await Promise.all(members.map(({ child }) => child?.kill()));
    },
  };
}
