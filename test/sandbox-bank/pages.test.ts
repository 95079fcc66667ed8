import { expect, test } from 'vitest';
import { escapeHtml, page } from '../../src/sandbox-bank/page-layout.ts';
import {
  approve,
  type BankWorld,
  connect,
  createConsent,
  nokRedirectUri,
  openBankPage,
  redirectUri,
  startBank,
} from './bank-world.ts';

async function begin(headers: object = {}) {
  const bank = await startBank();
  const { body } = await createConsent(bank, { headers });
  const link: string = body._links.scaRedirect.href;
  return { bank, link, consentId: body.consentId as string, login: await openBankPage(link) };
}

async function statusOf(bank: BankWorld, consentId: string): Promise<string> {
  return (await bank.call(`/v1/consents/${consentId}/status`)).body.consentStatus;
}

test('who logs in, confirms and approves is led back, and the consent is valid', async () => {
  const { bank, consentId, login } = await begin();
  expect((await approve(login, 'anna')).url).toBe(redirectUri);
  expect(await statusOf(bank, consentId)).toBe('valid');
});

test('before it is approved, the page says what is shared and for how long', async () => {
  const { bank, consentId, login } = await begin();
  const otp = await login.submit({ psu_id: 'anna', password: 'sandbox' });
  const approval = await otp.submit({ otp: '123456' });
  expect(approval.text).toMatch(/Girokonto · DE\d{20} · EUR/);
  expect(approval.text).toContain('until 2026-06-01');
  expect(await statusOf(bank, consentId)).toBe('received');
});

test.each([
  ['a wrong password', { psu_id: 'anna', password: 'wrong' }],
  ['an unknown name', { psu_id: 'nobody', password: 'sandbox' }],
])('%s can be corrected', async (_what, entries) => {
  const { login } = await begin();
  const again = await login.submit(entries);
  expect(again.status).toBe(422);
  expect(again.text).toContain('wrong');
  expect((await approve(again, 'anna')).url).toBe(redirectUri);
});

test('two wrong codes can be corrected, the third rejects the consent', async () => {
  const { bank, consentId, login, link } = await begin();
  let page = await login.submit({ psu_id: 'anna', password: 'sandbox' });
  for (let wrong = 1; wrong <= 2; wrong += 1) {
    page = await page.submit({ otp: '000000' });
    expect([page.status, await statusOf(bank, consentId)]).toEqual([422, 'received']);
  }
  expect((await page.submit({ otp: '000000' })).url).toBe(nokRedirectUri);
  expect(await statusOf(bank, consentId)).toBe('rejected');
  expect((await openBankPage(link)).status).toBe(409);
});

test('logging in once more gives no further codes to try', async () => {
  const { bank, consentId, login } = await begin();
  const credentials = { psu_id: 'anna', password: 'sandbox' };
  for (let wrong = 1; wrong <= 3; wrong += 1) await (await login.submit(credentials)).submit({ otp: '000000' });
  expect(await statusOf(bank, consentId)).toBe('rejected');
});

test('who denies is led back another way, and the consent is rejected', async () => {
  const { bank, consentId, login } = await begin();
  const otp = await login.submit({ psu_id: 'anna', password: 'sandbox' });
  expect((await (await otp.submit({ otp: '123456' })).submit({}, 'deny')).url).toBe(nokRedirectUri);
  expect(await statusOf(bank, consentId)).toBe('rejected');
});

test('greta is not let through', async () => {
  const { bank, consentId, login } = await begin();
  const otp = await login.submit({ psu_id: 'greta', password: 'sandbox' });
  expect((await otp.submit({ otp: '123456' })).url).toBe(nokRedirectUri);
  expect(await statusOf(bank, consentId)).toBe('rejected');
});

test('a link is good for ten minutes', async () => {
  const { bank, link, login } = await begin();
  bank.clock.advance(10 * 60_000 + 1);
  expect((await openBankPage(link)).status).toBe(404);
  expect((await login.submit({ psu_id: 'anna', password: 'sandbox' })).status).toBe(404);
});

test('no step can be skipped', async () => {
  const { bank, link, consentId } = await begin();
  for (const [step, body] of [
    ['otp', 'otp=123456'],
    ['decision', 'decision=approve'],
  ]) {
    expect((await bank.call(`${link}/${step}`, { method: 'POST', body })).status).toBe(409);
  }
  expect(await statusOf(bank, consentId)).toBe('received');
});

test('a link that was never given out opens nothing', async () => {
  const { bank } = await begin();
  expect((await openBankPage(`${bank.url}/pages/guess`)).status).toBe(404);
});

test('what is shown is text, whatever stands in it', () => {
  expect(escapeHtml(`<b title="x">'&'</b>`)).toBe('&#60;b title=&#34;x&#34;&#62;&#39;&#38;&#39;&#60;/b&#62;');
  expect(page(200, '<script>', '').body).not.toContain('<script>');
});

test('a consent that names accounts by IBAN shows those alone, and none of somebody else’s', async () => {
  const bank = await startBank({ approach: 'by-iban' });
  const all = await connect(await startBank(), 'anna');
  const ibans = (await all.attended('/v1/accounts')).body.accounts.map(({ iban }: { iban: string }) => iban);
  expect(new Set(ibans).size).toBe(2);
  const named = (iban: string) => ({
    access: { accounts: [{ iban }], balances: [{ iban }], transactions: [{ iban }] },
  });
  const one = await connect(bank, 'anna', named(ibans[1]));
  const { accounts } = (await one.attended('/v1/accounts')).body;
  expect(accounts.map(({ iban }: { iban: string }) => iban)).toEqual([ibans[1]]);
  expect((await one.attended(`/v1/accounts/${accounts[0].resourceId}/balances`)).status).toBe(200);

  const { body: strange } = await createConsent(bank, { body: named('DE89370400440532013000') });
  const login = await openBankPage(strange._links.scaRedirect.href);
  const otp = await login.submit({ psu_id: 'anna', password: 'sandbox' });
  expect((await otp.submit({ otp: '123456' })).url).toBe(nokRedirectUri);
  expect(await statusOf(bank, strange.consentId)).toBe('rejected');
});
