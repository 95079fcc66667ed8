import { expect, test } from 'vitest';
import { createConsent, openBankPage, startBank } from './bank-world.ts';

async function begin(approach: string, psuId: string) {
  const bank = await startBank({ approach });
  const { body, headers } = await createConsent(bank);
  const consent = `/v1/consents/${body.consentId}`;
  const start = async (startBody: object = {}) =>
    await bank.call(`${consent}/authorisations`, { method: 'POST', headers: { 'psu-id': psuId }, body: startBody });
  const statuses = async (authorisationId: string) => [
    (await bank.call(`${consent}/authorisations/${authorisationId}`)).body.scaStatus,
    (await bank.call(`${consent}/status`)).body.consentStatus,
  ];
  return { bank, consent, created: body, approach: headers.get('aspsp-sca-approach'), start, statuses };
}

test('decoupled: the end user approves in the app, while the TPP looks at the status', async () => {
  const { bank, created, approach, start, statuses } = await begin('decoupled', 'anna');
  expect(approach).toBe('DECOUPLED');
  expect(Object.keys(created._links)).toContain('startAuthorisationWithPsuIdentification');
  const { body: started } = await start();
  expect(started).toMatchObject({ scaStatus: 'started', psuMessage: expect.any(String) });
  expect(await statuses(started.authorisationId)).toEqual(['started', 'received']);

  const wrong = await (await openBankPage(`${bank.url}/app`)).submit({ psu_id: 'anna', password: 'wrong' });
  expect(wrong.status).toBe(422);
  const otp = await wrong.submit({ psu_id: 'anna', password: 'sandbox' });
  const done = await (await otp.submit({ otp: '123456' })).submit({}, 'approve');
  expect(done.title).toContain('Done');
  expect(await statuses(started.authorisationId)).toEqual(['finalised', 'valid']);
});

test('decoupled: denied in the app is denied', async () => {
  const { bank, start, statuses } = await begin('decoupled', 'anna');
  const { body: started } = await start();
  const login = await openBankPage(`${bank.url}/app`);
  const otp = await login.submit({ psu_id: 'anna', password: 'sandbox' });
  await (await otp.submit({ otp: '123456' })).submit({}, 'deny');
  expect(await statuses(started.authorisationId)).toEqual(['failed', 'rejected']);
});

test('decoupled: nobody else finds anything to approve', async () => {
  const { bank, start } = await begin('decoupled', 'anna');
  await start();
  const page = await (await openBankPage(`${bank.url}/app`)).submit({ psu_id: 'boris', password: 'sandbox' });
  expect(page.title).toContain('Nothing to approve');
});

test.each(['decoupled', 'embedded'])('%s: an unknown PSU-ID is refused', async (approach) => {
  const { status, body } = await (await begin(approach, 'nobody')).start();
  expect([status, body.tppMessages[0].code]).toEqual([401, 'PSU_CREDENTIALS_INVALID']);
});

async function beginEmbedded(psuId: string) {
  const journey = await begin('embedded', psuId);
  const { body: started } = await journey.start();
  const put = async (body: object) => {
    const path = `${journey.consent}/authorisations/${started.authorisationId}`;
    const reply = await journey.bank.call(path, { method: 'PUT', body });
    return reply.status === 200 ? reply.body : [reply.status, reply.body.tppMessages[0].code];
  };
  return { ...journey, started, put };
}

test('embedded: password, method and code go through the TPP, and the method that was chosen is the one', async () => {
  const { put, started, statuses, approach } = await beginEmbedded('anna');
  expect(approach).toBe('EMBEDDED');
  expect(started).toMatchObject({ scaStatus: 'psuIdentified' });
  expect(await put({ psuData: { password: 'wrong' } })).toEqual([401, 'PSU_CREDENTIALS_INVALID']);
  expect(await put({ psuData: { password: 'sandbox' } })).toMatchObject({ scaMethods: [{}, {}] });
  expect(await put({ authenticationMethodId: 'pigeon' })).toEqual([400, 'SCA_METHOD_UNKNOWN']);
  expect(await put({ authenticationMethodId: 'chip' })).toMatchObject({
    chosenScaMethod: { authenticationMethodId: 'chip', authenticationType: 'CHIP_OTP' },
  });
  expect(await put({ scaAuthenticationData: '000000' })).toEqual([401, 'PSU_CREDENTIALS_INVALID']);
  expect(await put({ scaAuthenticationData: '123456' })).toMatchObject({ scaStatus: 'finalised' });
  expect(await statuses(started.authorisationId)).toEqual(['finalised', 'valid']);
});

test('embedded: the password can come with the start; a word “psuData” elsewhere is none', async () => {
  const { start } = await begin('embedded', 'anna');
  expect((await start({ scaAuthenticationData: 'psuData' })).body.scaStatus).toBe('psuIdentified');
  const { status, body } = await start({ psuData: { password: 'sandbox' } });
  expect([status, body.scaStatus]).toEqual([201, 'psuAuthenticated']);
});

test('embedded: no step can be skipped', async () => {
  const { put } = await beginEmbedded('anna');
  expect(await put({ scaAuthenticationData: '123456' })).toEqual([409, 'STATUS_INVALID']);
  expect(await put({ authenticationMethodId: 'sms' })).toEqual([409, 'STATUS_INVALID']);
  expect(await put({})).toEqual([409, 'STATUS_INVALID']);
});

test('embedded: the third wrong code is the last', async () => {
  const { put, started, statuses } = await beginEmbedded('anna');
  await put({ psuData: { password: 'sandbox' } });
  await put({ authenticationMethodId: 'sms' });
  await put({ scaAuthenticationData: '1' });
  await put({ scaAuthenticationData: '2' });
  expect(await put({ scaAuthenticationData: '3' })).toMatchObject({ scaStatus: 'failed' });
  expect(await statuses(started.authorisationId)).toEqual(['failed', 'rejected']);
  expect(await put({ scaAuthenticationData: '123456' })).toEqual([409, 'STATUS_INVALID']);
});

test('embedded: greta’s code is never right', async () => {
  const { put, started, statuses } = await beginEmbedded('greta');
  await put({ psuData: { password: 'sandbox' } });
  await put({ authenticationMethodId: 'sms' });
  expect(await put({ scaAuthenticationData: '123456' })).toMatchObject({ scaStatus: 'failed' });
  expect(await statuses(started.authorisationId)).toEqual(['failed', 'rejected']);
});
