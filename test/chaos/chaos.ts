import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { renderReport } from './report.ts';
import { runChaos } from './run-chaos.ts';

// npm run chaos -- --minutes 10: breaks everything that can break while cycles run, and looks from the outside at what became of
// them. Exit code 1 on any violation, 2 where a server is missing.

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
    processes: { type: 'string', default: '2' },
    users: { type: 'string', default: '40' },
    lanes: { type: 'string', default: '1' },
    jobs: { type: 'string', default: 'mongodb' },
    'slot-seconds': { type: 'string' },
    'lease-seconds': { type: 'string', default: '3' },
    report: { type: 'string', default: 'chaos.json' },
  },
});
const { jobs } = values;
if (jobs !== 'mongodb' && jobs !== 'postgresql') throw new Error('--jobs is mongodb or postgresql.');
const seconds = Number(values.minutes) * 60;
const report = await runChaos({
  seconds,
  seed: values.seed,
  processes: Number(values.processes),
  users: Number(values.users),
  lanes: Number(values.lanes),
  jobs,
  // The consents last for 170 days: 300 slots at most.
  slotSeconds: Number(values['slot-seconds'] ?? Math.max(20, seconds / 300)),
  leaseSeconds: Number(values['lease-seconds']),
  say: (line) => console.log(line),
});
if (report) {
  await writeFile(values.report, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`\n${renderReport(report)}\n\nThe seed was ${report.seed}; the report is in ${values.report}.`);
}
process.exitCode = report === null ? 2 : report.violations.length === 0 ? 0 : 1;
