import { readCamt } from './camt.ts';
import { readMt940 } from './mt940.ts';
import { StatementError, type StatementReading } from './statement-reading.ts';

/** How far the first field of MT940 may be from the start: some banks put lines of their own before it. */
const maxPreambleLength = 4_000;

/**
 * Reads a statement by its content: banks label camt and MT940 as anything. The text is decoded already. Throws
 * StatementError, and nothing else, for a text that is neither.
 */
export function readStatement(content: string): StatementReading {
  const format = detectFormat(content);
  if (!format) throw new StatementError('not_a_statement');
  return format === 'xml' ? readCamt(content) : readMt940(content);
}

/** By the look of its beginning; null for neither, such as JSON, HTML or nothing. */
export function detectFormat(content: string): 'xml' | 'mt940' | null {
  const start = content.slice(0, maxPreambleLength).trimStart();
  if (/^<(?:\?xml|!|[A-Za-z_])/.test(start)) return 'xml';
  return /^(?:\{1:|:\d{2}[A-Z]?:)|[\r\n]:(?:20|25|60F|61):/.test(start) ? 'mt940' : null;
}
