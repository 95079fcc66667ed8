import Table from 'cli-table3';
import { toDigits } from './rounds.ts';
import type { SectionResult } from './run-section.ts';

export interface BenchReport {
  at: string;
  node: string;
  cpus: string;
  cpuCount: number;
  database: string;
  quick: boolean;
  sections: SectionResult[];
}

const plain = { head: [], border: [], compact: true };

export function printSection({ name, about, comparisons, leftOut, error }: SectionResult): void {
  console.log(`\n${name}: ${about}`);
  for (const comparison of comparisons) {
    const figures = new Table({ head: [comparison.name, 'median', 'min..max', 'unit'], style: plain });
    for (const contestant of comparison.contestants) {
      for (const [figure, { unit, median, min, max }] of Object.entries(contestant.figures)) {
        figures.push([`${contestant.name}, ${figure}`, toDigits(median), `${toDigits(min)}..${toDigits(max)}`, unit]);
      }
    }
    console.log(figures.toString());
    if (comparison.ratios.length === 0) continue;
    const ratios = new Table({ head: ['ratio', 'median', 'min..max', 'to reach', ''], style: plain });
    for (const { figure, ours, against, ratio, min, max, reached, ...limit } of comparison.ratios) {
      ratios.push([
        `${ours} / ${against}, ${figure}`,
        ratio.toFixed(2),
        `${min.toFixed(2)}..${max.toFixed(2)}`,
        toLimit(limit),
        reached === null ? '' : reached ? 'reached' : 'FALLS SHORT',
      ]);
    }
    console.log(ratios.toString());
  }
  for (const what of leftOut) console.log(`LEFT OUT: ${what}`);
  if (error) console.log(`FAILED: ${error}`);
}

export function toLimit({ atLeast, atMost }: { atLeast?: number; atMost?: number }): string {
  if (atLeast !== undefined) return `≥ ${atLeast}`;
  return atMost === undefined ? '' : `≤ ${atMost}`;
}
