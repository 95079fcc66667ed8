import type { Comparison, Target } from './section.ts';

export interface FigureResult {
  unit: string;
  median: number;
  min: number;
  max: number;
  samples: number[];
}

export interface RatioResult extends Target {
  ratio: number;
  min: number;
  max: number;
  /** Null where no ratio is to be reached. */
  reached: boolean | null;
}

export interface ComparisonResult {
  name: string;
  contestants: { name: string; figures: Record<string, FigureResult> }[];
  ratios: RatioResult[];
}

/** Rounds A B C A B C: what disturbs the machine for a while disturbs all alike. */
export async function compare(comparison: Comparison, quick: boolean): Promise<ComparisonResult> {
  const { contestants, figures, targets, rounds = quick ? 3 : 5, warmUps = 1 } = comparison;
  const samples = new Map(contestants.map(({ name }) => [name, [] as Record<string, number>[]]));
  for (let round = -warmUps; round < rounds; round++) {
    for (const contestant of contestants) {
      globalThis.gc?.();
      const sample = await contestant.measure();
      process.stderr.write(
        `  ${round < 0 ? 'warm-up' : `round ${round + 1}/${rounds}`} ${contestant.name}: ${short(sample)}\n`,
      );
      if (round >= 0) samples.get(contestant.name)?.push(sample);
    }
  }
  const valuesOf = (name: string, figure: string) =>
    (samples.get(name) ?? []).map((sample) => sample[figure] ?? Number.NaN);
  return {
    name: comparison.name,
    contestants: contestants.map(({ name }) => ({
      name,
      figures: Object.fromEntries(
        Object.entries(figures).map(([figure, unit]) => [figure, { unit, ...summary(valuesOf(name, figure)) }]),
      ),
    })),
    ratios: targets
      .filter(({ ours, against }) => samples.has(ours) && samples.has(against))
      .map((target) => toRatio(target, valuesOf(target.ours, target.figure), valuesOf(target.against, target.figure))),
  };
}

function toRatio(target: Target, ours: number[], against: number[]): RatioResult {
  const { median, min, max } = summary(ours.map((value, round) => value / (against[round] ?? Number.NaN)));
  const { atLeast, atMost } = target;
  const isOpen = atLeast === undefined && atMost === undefined;
  const reached = isOpen ? null : median >= (atLeast ?? 0) && median <= (atMost ?? Number.POSITIVE_INFINITY);
  return { ...target, ratio: median, min, max, reached };
}

export function summary(samples: number[]): Omit<FigureResult, 'unit'> {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
  return { median, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN, samples };
}

/** The value below which this share of the samples lies. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Three digits are more than such figures are good for. */
export function toDigits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
}

function short(sample: Record<string, number>): string {
  return Object.entries(sample)
    .map(([figure, value]) => `${figure} ${toDigits(value)}`)
    .join(', ');
}
