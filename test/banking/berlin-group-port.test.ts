import { describe, onTestFinished } from 'vitest';
import { openPage } from '../../src/cli/form-browser.ts';
import type { ScaApproach } from '../../src/domain/bank-entry.ts';
import { createSandboxBank } from '../../src/sandbox-bank/sandbox-bank.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { now, openBank } from './fake-bank.ts';
import { describePort } from './port-suite.ts';

describe.each<ScaApproach>(['redirect', 'decoupled', 'embedded'])('the Berlin Group’s protocol, %s', (approach) => {
  describePort(async () => {
    const sandbox = await createSandboxBank({ host: '127.0.0.1', port: 0, dataFile: null, clock: fixedClock(now) });
    onTestFinished(async () => await sandbox.close());
    const url = `${sandbox.url}/${approach}`;
    return {
      bank: openBank(url, { preferredApproach: approach }),
      visitBank: async (page, decision) => new URL(await goThrough(page, decision)),
      useApp: async (decision) => void (await goThrough(`${url}/app`, decision)),
    };
  });
});

async function goThrough(url: string, decision: string): Promise<string> {
  const entries: Record<string, string> = { psu_id: 'anna', password: 'sandbox', otp: '123456', decision };
  let page = await openPage(url, { stopBefore: (target) => target.startsWith('https://tidewater.example') });
  for (let pageCount = 0; page.forms.length > 0 && pageCount < 7; pageCount += 1) {
    const names = new Set(page.forms.flatMap(({ fields }) => fields.map(({ name }) => name)));
    page = await page.submit(Object.fromEntries(Object.entries(entries).filter(([name]) => names.has(name))));
  }
  return page.url;
}
