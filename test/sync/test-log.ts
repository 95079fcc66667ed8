import pino, { type Logger } from 'pino';

export type TestLog = Logger & { readonly lines: Array<Record<string, unknown>> };

/** A log that the test can read. */
export function createTestLog(): TestLog {
  const lines: Array<Record<string, unknown>> = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return Object.assign(log, { lines });
}
