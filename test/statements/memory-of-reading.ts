import { readFileSync } from 'node:fs';
import { readStatement } from '../../src/statements/read-statement.ts';
import { rowsOf } from './statement-files.ts';

/** Run as a process of its own, with --expose-gc: reads the file that it is given, and prints what that cost. */
const collect = globalThis.gc ?? (() => {});

// As latin1: one flat string with a byte for each character, as long as the file.
const text = readFileSync(process.argv[2] ?? '', 'latin1');
collect();
const before = process.memoryUsage().heapUsed;
const started = process.cpuUsage();
const reading = readStatement(text);
const cpuMs = process.cpuUsage(started).user / 1000;
collect();
const retained = process.memoryUsage().heapUsed - before;
console.log(
  JSON.stringify({
    characters: text.length,
    rowCount: rowsOf(reading).length,
    skippedRows: reading.skippedRows,
    cpuMs: Math.round(cpuMs),
    /** What the rows hold, in file sizes; the file itself is one more. */
    rowsInFileSizes: Number((retained / text.length).toFixed(2)),
  }),
);
