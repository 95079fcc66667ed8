import pino, { type Logger } from 'pino';
import type { Config } from '../config/config.ts';

/** JSON lines to the standard error stream: standard output belongs to what a person reads at the start. */
export function createLog(level: Config['logLevel']): Logger {
  const redact = ['*.authorization', '*.apiKey', '*.secret', '*.password'];
  return pino({ level, base: null, redact }, pino.destination(2));
}
