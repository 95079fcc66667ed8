import { Presets, SingleBar } from 'cli-progress';
import Table from 'cli-table3';

/** Shows how far the cycle is; on a terminal only, since elsewhere it would fill the log. */
export function createProgressBar(total: number): { update(done: number): void; stop(): void } {
  if (!process.stdout.isTTY) return { update: () => {}, stop: () => {} };
  const bar = new SingleBar(
    { format: '  cycle {bar} {value}/{total} users', hideCursor: true, clearOnComplete: false },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}

export interface ReportRow {
  who: string;
  what: string;
  event: string;
  webhook: string;
  subscription: boolean;
  signature: boolean;
}

/** The table at the end: one row per expected event. */
export function renderReport(rows: readonly ReportRow[]): string {
  const table = new Table({
    head: ['who', 'what', 'event', 'webhook', 'subscription', 'signature'],
    style: { head: [], border: [] },
  });
  const mark = (fine: boolean): string => (fine ? 'yes' : 'MISSING');
  for (const row of rows) {
    table.push([row.who, row.what, row.event, row.webhook, mark(row.subscription), mark(row.signature)]);
  }
  return table.toString();
}

export function isComplete(row: ReportRow): boolean {
  return row.webhook === 'DELIVERED' && row.subscription && row.signature;
}
