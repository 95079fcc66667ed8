import { expect, test } from 'vitest';
import { type BankWorld, connect, openBankPage, startBank } from './bank-world.ts';

const login = { psu_id: 'anna', password: 'sandbox' };

async function open(bank: BankWorld, credentials = login) {
  return await (await openBankPage(`${bank.url}/banking`)).submit(credentials);
}

test('an end user ends a consent at the bank: it is revoked, and nothing is read under it any more', async () => {
  const bank = await startBank();
  const kept = await connect(bank, 'anna');
  const { consentId, read } = await connect(bank, 'anna');
  const page = await open(bank);
  expect(page.text).toContain('since 2026-03-10 · until 2026-06-01');

  const ended = await page.submit({ consent: consentId, password: 'sandbox' }, 'End this access');
  expect(ended.title).toContain('Access ended');
  expect((await bank.call(`/v1/consents/${consentId}/status`)).body).toEqual({ consentStatus: 'revokedByPsu' });
  const { status, body } = await read('/v1/accounts');
  expect([status, body.tppMessages[0].code]).toEqual([401, 'CONSENT_INVALID']);
  expect((await kept.read('/v1/accounts')).status).toBe(200);
  expect((await page.submit({ consent: consentId, password: 'sandbox' })).status).toBe(409);
});

test('nobody sees or ends a consent without the password, or that of somebody else', async () => {
  const bank = await startBank();
  const { consentId } = await connect(bank, 'anna');
  expect((await open(bank, { ...login, password: 'wrong' })).status).toBe(422);
  expect((await (await open(bank)).submit({ password: 'wrong' })).status).toBe(422);
  expect((await open(bank, { ...login, psu_id: 'boris' })).text).toContain('Nobody.');
  const foreign = `psu_id=boris&password=sandbox&consent=${consentId}`;
  expect((await bank.call('/banking/end', { method: 'POST', body: foreign })).status).toBe(409);
  expect((await bank.call(`/v1/consents/${consentId}/status`)).body).toEqual({ consentStatus: 'valid' });
});
