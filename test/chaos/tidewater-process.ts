import { readFileSync } from 'node:fs';
import { startApp } from '../../src/app.ts';
import { parseConfig } from '../../src/config/config.ts';
import { announce } from './announce.ts';
import { type ClockPlan, createFastClock } from './fast-clock.ts';

export interface TidewaterOptions {
  clock: ClockPlan;
  leaseSeconds: number;
}

// Tidewater as src/main.ts runs it, but in a time that runs fast.
const { clock, leaseSeconds } = JSON.parse(process.argv[2] ?? '') as TidewaterOptions;
const config = parseConfig(process.env, (path) => readFileSync(path, 'utf8'));
const app = await startApp({ config, clock: createFastClock(clock), leaseSeconds });
process.once('SIGTERM', () => void app.stop().then(() => process.exit(0)));
announce({ url: app.url });
