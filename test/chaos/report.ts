import Table from 'cli-table3';
import type { Findings } from './audit.ts';

export interface ChaosReport extends Findings {
  seed: string;
  /** Real time that was disturbed. */
  seconds: number;
  processes: number;
  disturbances: Record<string, number>;
}

const shownViolations = 40;
// No line between the rows.
const compact = { chars: { mid: '', 'mid-mid': '', 'left-mid': '', 'right-mid': '' }, style: { head: [], border: [] } };

/** As a table for people, with every violation below it. */
export function renderReport(report: ChaosReport): string {
  const table = new Table({ ...compact, head: ['what', 'count'], colAligns: ['left', 'right'] });
  const add = (what: string, count: number) => table.push([what, String(count)]);
  for (const [kind, count] of Object.entries(report.disturbances)) add(`disturbance: ${kind}`, count);
  add('cycles opened', report.cyclesOpened);
  add('slots missed (0)', report.slotsMissed);
  add('users eligible, over all cycles', report.usersEligible);
  add('users synchronized', report.usersSynchronized);
  for (const [reason, count] of Object.entries(report.usersSkipped)) add(`users skipped: ${reason}`, count);
  for (const [reason, count] of Object.entries(report.usersFailed)) add(`users failed: ${reason}`, count);
  if (report.usersWaiting > 0) add('users who wait within the last cycle', report.usersWaiting);
  add('duplicates (0)', report.duplicates);
  add('omissions (0)', report.omissions);
  add('sessions unfinished (0)', report.sessionsUnfinished);
  add('events', report.events);
  add('events without delivery (0)', report.eventsWithoutDelivery);
  add('deliveries received and verified', report.deliveriesReceived);
  add('deliveries with a wrong signature (0)', report.deliveriesUnverified);
  add("accesses in the bank's log", report.bankAccesses);
  add('accesses above the budget (0)', report.accessesAboveBudget);
  const { violations } = report;
  const shown = violations.slice(0, shownViolations).map((violation) => `  ${violation}`);
  const verdict =
    violations.length === 0
      ? 'Nothing was lost, nothing was done twice.'
      : [`${violations.length} violations:`, ...shown].join('\n');
  return `${table.toString()}\n${verdict}`;
}
