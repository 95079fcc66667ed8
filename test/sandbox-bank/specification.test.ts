import { expect, test } from 'vitest';
import { type BankWorld, connect, createConsent, readEverything, startBank } from './bank-world.ts';
import { openReplySpecification } from './reply-specification.ts';

const findFaults = openReplySpecification();
if (!findFaults) {
  process.stderr.write(
    '\n*** The Berlin Group’s OpenAPI file is not at hand: the sandbox bank’s replies are NOT CHECKED against it.\n\n',
  );
}

async function goThroughRedirect(): Promise<BankWorld> {
  const bank = await startBank();
  for (const psuId of ['anna', 'hugo', 'dmitri', 'elena']) {
    const connection = await connect(bank, psuId);
    await readEverything(connection);
    const { body } = await connection.attended('/v1/accounts');
    for (const { resourceId } of body.accounts ?? []) {
      await connection.attended(`/v1/accounts/${resourceId}`);
      await connection.attended(`/v1/accounts/${resourceId}/balances`);
      await connection.attended(`/v1/accounts/${resourceId}/transactions?bookingStatus=booked&dateFrom=2026-01-01`);
      await connection.attended(`/v1/accounts/${resourceId}/transactions?bookingStatus=nonsense`);
    }
    for (let access = 1; access <= 5; access += 1) await connection.read('/v1/accounts');
    const consent = `/v1/consents/${connection.consentId}`;
    await bank.call(consent);
    await bank.call(`${consent}/status`);
    const { body: all } = await bank.call(`${consent}/authorisations`);
    await bank.call(`${consent}/authorisations/${all.authorisationIds[0]}`);
    await bank.call(`${consent}/authorisations`, { method: 'POST', body: {} });
    await bank.call(consent, { method: 'DELETE' });
  }
  await readCards(bank);
  await createConsent(bank, { body: { access: {} } });
  await bank.call('/v1/consents/unknown');
  await bank.call('/v1/consents/unknown', { headers: { accept: 'application/xml' } });
  await bank.call('/v1/consents/unknown', { headers: { date: 'today' } });
  return bank;
}

async function readCards(bank: BankWorld): Promise<void> {
  const { attended } = await connect(bank, 'trait-cards');
  const { body } = await attended('/v1/card-accounts');
  expect(body.cardAccounts).toHaveLength(1);
  const path = `/v1/card-accounts/${body.cardAccounts[0].resourceId}`;
  await attended(path);
  await attended(`${path}/balances`);
  const { body: read } = await attended(`${path}/transactions?bookingStatus=both&dateFrom=2026-01-01`);
  expect(read.cardTransactions.booked.length).toBeGreaterThan(20);
}

async function goThrough(approach: string, bodies: object[]): Promise<BankWorld> {
  const bank = await startBank({ approach });
  const { body } = await createConsent(bank);
  const authorisations = `/v1/consents/${body.consentId}/authorisations`;
  const headers = { 'psu-id': 'anna' };
  const started = await bank.call(authorisations, { method: 'POST', headers, body: {} });
  const path = `${authorisations}/${started.body.authorisationId}`;
  for (const put of bodies) await bank.call(path, { method: 'PUT', headers, body: put });
  await bank.call(path);
  return bank;
}

const embedded = [
  { psuData: { password: 'wrong' } },
  { psuData: { password: 'sandbox' } },
  { authenticationMethodId: 'sms' },
  { scaAuthenticationData: '123456' },
];

test.skipIf(!findFaults).each<[string, () => Promise<BankWorld>, number]>([
  ['redirect', goThroughRedirect, 40],
  ['decoupled', async () => await goThrough('decoupled', []), 3],
  ['embedded', async () => await goThrough('embedded', embedded), 7],
])('%s: every reply of a whole journey is as the Berlin Group’s file has it', async (_approach, go, least) => {
  const { replies } = await go();
  expect(replies.length).toBeGreaterThanOrEqual(least);
  expect(replies.flatMap((seen) => findFaults?.(seen) ?? [])).toEqual([]);
});
