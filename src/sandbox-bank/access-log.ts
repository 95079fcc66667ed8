/** Unattended accesses of the last 24 hours. */
export interface AccessLog {
  accesses(key: string, nowMs: number): number;
  addAccess(key: string, atMs: number): void;
  recentAccesses(nowMs: number): Generator<[key: string, atMs: number]>;
}

const dayMs = 86_400_000;
/** So many accesses after each other, keys that nobody used for a day are dropped. */
const accessesPerSweep = 50_000;

export function createAccessLog(): AccessLog {
  const timesByKey = new Map<string, number[]>();
  let sinceSweep = 0;

  function sweep(nowMs: number): void {
    sinceSweep = 0;
    for (const [key, times] of timesByKey) if ((times.at(-1) ?? 0) <= nowMs - dayMs) timesByKey.delete(key);
  }

  return {
    accesses(key, nowMs) {
      return (timesByKey.get(key) ?? []).filter((at) => at > nowMs - dayMs).length;
    },
    addAccess(key, atMs) {
      const recent = (timesByKey.get(key) ?? []).filter((at) => at > atMs - dayMs);
      timesByKey.set(key, [...recent, atMs]);
      sinceSweep += 1;
      if (sinceSweep >= accessesPerSweep) sweep(atMs);
    },
    *recentAccesses(nowMs) {
      for (const [key, times] of timesByKey) for (const at of times) if (at > nowMs - dayMs) yield [key, at];
    },
  };
}
