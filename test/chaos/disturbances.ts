import { setTimeout as delay } from 'node:timers/promises';

/** What is done to the running service. */
export interface Disturbance {
  kind: string;
  /** Of all draws, as many as this in the sum of all. */
  weight: number;
  /** False where there was nothing to do it to. What takes its time goes on by itself. */
  run(random: () => number): Promise<boolean>;
}

export interface DisturbOptions {
  disturbances: readonly Disturbance[];
  random: () => number;
  untilMs: number;
  say(line: string): void;
}

/** One after another, with short rests, until the time is over. Gives how often each was done. */
export async function disturb(options: DisturbOptions): Promise<Record<string, number>> {
  const { disturbances, random, untilMs, say } = options;
  const counts = Object.fromEntries(disturbances.map(({ kind }) => [kind, 0]));
  const startedMs = Date.now();
  while (Date.now() < untilMs) {
    await delay(500 + random() * 3_000);
    const disturbance = draw(disturbances, random());
    const atSeconds = (Date.now() - startedMs) / 1_000;
    if (!(await disturbance.run(random))) continue;
    counts[disturbance.kind] = (counts[disturbance.kind] ?? 0) + 1;
    say(`${atSeconds.toFixed(1).padStart(6)} s  ${disturbance.kind}`);
  }
  return counts;
}

function draw(disturbances: readonly Disturbance[], value: number): Disturbance {
  const sum = disturbances.reduce((total, { weight }) => total + weight, 0);
  let rest = value * sum;
  for (const disturbance of disturbances) {
    rest -= disturbance.weight;
    if (rest < 0) return disturbance;
  }
  return disturbances[disturbances.length - 1] as Disturbance;
}
