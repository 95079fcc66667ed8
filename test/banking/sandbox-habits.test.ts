import { describe, expect, onTestFinished, test } from 'vitest';
import type { BankPort, EnteredStep, KeptCredentials, NextStep } from '../../src/banking/bank-port.ts';
import { openPage } from '../../src/cli/form-browser.ts';
import type { BankEntry } from '../../src/domain/bank-entry.ts';
import { createSandboxBank } from '../../src/sandbox-bank/sandbox-bank.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { listCases } from './bank-habits.ts';
import { beginConsent, consentIdOf, failureOf, now, openBank, psu } from './fake-bank.ts';
import { startRecorder } from './journey-recorder.ts';

/*
 * Every combination of approach, start, consent model, OAuth and PSU-ID that a bank of the protocol can have, against the sandbox
 * bank made to measure. Every request and every reply on the way is held against the Berlin Group's own OpenAPI file, where it is at hand.
 */

const annasIban = 'DE47500105174002094995';
const who = { psuId: 'anna', corporateId: null };

/** What the end user enters on our pages; null where there is nothing to enter. */
function toInput(next: NextStep): EnteredStep['input'] | null {
  switch (next.step) {
    case 'identify':
      return { step: 'identify', ...who };
    case 'name-accounts':
      return { step: 'name-accounts', ibans: [annasIban] };
    case 'authenticate':
      return { step: 'authenticate', ...who, password: 'sandbox' };
    case 'choose-method':
      return { step: 'choose-method', methodId: 'sms' };
    case 'enter-otp':
      return { step: 'enter-otp', otp: '123456' };
    default:
      return null;
  }
}

async function goThrough(url: string): Promise<URL> {
  const entries: Record<string, string> = { psu_id: 'anna', password: 'sandbox', otp: '123456', decision: 'approve' };
  let page = await openPage(url, { stopBefore: (target) => target.startsWith('https://tidewater.example') });
  for (let pageCount = 0; page.forms.length > 0 && pageCount < 7; pageCount += 1) {
    const names = new Set(page.forms.flatMap(({ fields }) => fields.map(({ name }) => name)));
    page = await page.submit(Object.fromEntries(Object.entries(entries).filter(([name]) => names.has(name))));
  }
  return new URL(page.url);
}

async function connect(bank: BankPort, url: string): Promise<{ credentials: KeptCredentials; steps: string[] }> {
  const { credentials, progress } = await beginConsent(bank);
  let { next } = progress;
  const steps: string[] = [];
  while (next.step !== 'done' && steps.length < 10) {
    steps.push(next.step);
    const input = toInput(next);
    if (input) ({ next } = await bank.continue(credentials, { psu, input }));
    else if (next.step === 'go-to-bank') {
      const { searchParams: parameters } = await goThrough(next.url);
      ({ next } = await bank.callback(credentials, { psu, parameters }));
    } else {
      await goThrough(`${url}/app`);
      ({ next } = await bank.getProgress(credentials));
    }
  }
  return { credentials, steps };
}

async function start(words: string[], entry: (url: string) => Partial<BankEntry>) {
  const clock = fixedClock(now);
  const sandbox = await createSandboxBank({ host: '127.0.0.1', port: 0, dataFile: null, clock, tokenSeconds: 2 });
  onTestFinished(async () => await sandbox.close());
  const { url, recording } = await startRecorder(sandbox.url, `with.${words.join('.')}`);
  return { clock, url, recording, bank: openBank(url, entry(url)) };
}

describe('a bank by its habits', () => {
  test.each(listCases().map((each) => ({ ...each, name: each.words.join(' ') })))(
    '$name: consent, reading with and without the end user, end',
    async (given) => {
      const { clock, url, recording, bank } = await start(given.words, (address) => ({
        preferredApproach: given.approach,
        oauth: given.oauth && {
          ...given.oauth,
          metadataUrl: given.oauth.when === 'sca' ? null : `${address}/.well-known/oauth-authorization-server`,
        },
      }));
      const { credentials, steps } = await connect(bank, url);
      expect(steps.length, steps.join(', ')).toBeGreaterThan(0);
      expect((await bank.getConsent(credentials)).status).toBe('valid');
      for (const present of [psu, null, null, null]) {
        // Longer than a token lasts.
        clock.advance(3_000);
        expect((await bank.listAccounts({ credentials, psu: present })).accounts).toHaveLength(
          given.words.includes('by-iban') ? 1 : 2,
        );
      }
      await bank.end(credentials);
      expect((await failureOf(bank.listAccounts({ credentials, psu: null }))).code).toMatch(/^CONSENT_/);
      expect(recording.calls.length).toBeGreaterThan(3);
      // Where a token stands instead of a consent, that is not the Berlin Group's any more, which demands one with every reading.
      const isTheirs = given.oauth?.when !== 'instead';
      expect(recording.faults.filter((fault) => isTheirs || !fault.includes('Consent-ID is missing'))).toEqual([]);
    },
  );
});

test('the demanding bank: key, PSU-ID, another consent model, a code to confirm, and a consent that shows its status alone', async () => {
  const demands = ['explicit', 'bank-offered', 'psu-id', 'confirmation', 'status-only'];
  const { bank, url, recording } = await start(demands, () => ({}));
  const { credentials, steps } = await connect(bank, url);
  expect(steps).toEqual(['identify', 'go-to-bank']);
  expect(consentIdOf(credentials)).toMatch(/^[0-9a-f-]{36}$/);
  expect(await bank.getConsent(credentials)).toMatchObject({ status: 'valid', validUntil: '2026-09-06' });
  expect(recording.faults).toEqual([]);
});
