import { expect, test } from 'vitest';
import { connect, createConsent, nokRedirectUri, openBankPage, readEverything, startBank } from './bank-world.ts';

test('anna: two accounts with 90 days of history, which is the same at every start', async () => {
  const read = async () => await readEverything(await connect(await startBank(), 'anna'));
  const [giro, savings] = await read();
  expect(giro?.booked.length).toBeGreaterThan(60);
  expect(savings?.booked.length).toBeGreaterThan(10);
  const days = (giro?.booked ?? []).map(({ bookingDate }) => bookingDate).sort();
  expect(days[0] >= '2025-12-10' && days.at(-1) <= '2026-03-10').toBe(true);
  expect(await read()).toEqual([giro, savings]);
});

test('every reading finds a few new booked entries, and what was pending is booked; nothing else changes', async () => {
  const bank = await startBank();
  const connection = await connect(bank, 'anna');
  const query = 'bookingStatus=both&dateFrom=2025-12-13';
  const [first] = await readEverything(connection, query);
  bank.clock.advance(3 * 86_400_000);
  const [second] = await readEverything(connection, query);
  const ids = (entries: { transactionId: string }[] = []) => entries.map(({ transactionId }) => transactionId);
  const before = new Map(first?.booked.map((entry) => [entry.transactionId, entry]));
  expect(second?.booked.filter(({ transactionId }) => before.has(transactionId))).toEqual(first?.booked);
  const added = second?.booked.filter(({ transactionId }) => !before.has(transactionId)) ?? [];
  expect(ids(added)).toEqual(expect.arrayContaining(ids(first?.pending)));
  expect(added.length).toBeGreaterThan(first?.pending.length ?? 0);
  expect(new Set(added.map(({ bookingDate }) => bookingDate))).toEqual(new Set(['2026-03-13']));
});

test('the booked balance is what it was and what has been booked since; midnight changes nothing', async () => {
  const bank = await startBank();
  const connection = await connect(bank, 'anna');
  const { body } = await connection.attended('/v1/accounts');
  const path = `/v1/accounts/${body.accounts[0].resourceId}`;
  const cents = (amount: string) => Math.round(Number(amount) * 100);
  const balance = async (type: string) => {
    const reply = await connection.attended(`${path}/balances`);
    const found = reply.body.balances.find(({ balanceType }: { balanceType: string }) => balanceType === type);
    return cents(found.balanceAmount.amount);
  };
  const sum = (entries: { transactionAmount: { amount: string } }[]) =>
    entries.reduce((total, { transactionAmount }) => total + cents(transactionAmount.amount), 0);

  const start = await balance('closingBooked');
  bank.clock.advance(40 * 86_400_000);
  expect(await balance('closingBooked')).toBe(start);
  const query = 'bookingStatus=both&dateFrom=2026-03-10';
  const reply = await connection.attended(`${path}/transactions?${query}`);
  const { booked, pending } = reply.body.transactions;
  expect(await balance('closingBooked')).toBe(start + sum(booked));
  expect(await balance('interimAvailable')).toBe(start + sum(booked) + sum(pending));
});

test('transfers tell the other side’s IBAN, with right check digits; payments by card tell none', async () => {
  const [giro] = await readEverything(await connect(await startBank(), 'anna'));
  const ibans = [];
  for (const entry of giro?.booked ?? []) {
    const isOutgoing = entry.transactionAmount.amount.startsWith('-');
    const iban = (isOutgoing ? entry.creditorAccount : entry.debtorAccount)?.iban;
    if (iban) ibans.push(iban);
    if (entry.bankTransactionCode === 'PMNT-CCRD-POSD') expect(iban).toBeUndefined();
    else expect(BigInt(`${iban.slice(4)}1314${iban.slice(2, 4)}`) % 97n).toBe(1n);
  }
  expect(new Set(ibans).size).toBeGreaterThan(5);
});

test('boris: 20,000 transactions in pages, none lost, none twice', async () => {
  const lists = await readEverything(await connect(await startBank(), 'boris'));
  const ids = lists.flatMap(({ booked }) => booked.map(({ transactionId }) => transactionId));
  expect(lists).toHaveLength(3);
  expect(ids.length).toBeGreaterThan(19_500);
  expect(ids.length).toBeLessThan(20_500);
  expect(new Set(ids).size).toBe(ids.length);
});

test('clara: data calls take their time, consent calls do not', async () => {
  const bank = await startBank({ slowMs: 150 });
  const { consentId, attended } = await connect(bank, 'clara');
  const start = performance.now();
  await bank.call(`/v1/consents/${consentId}/status`);
  const between = performance.now();
  await attended('/v1/accounts');
  expect(performance.now() - between).toBeGreaterThan(140);
  expect(between - start).toBeLessThan(140);
});

test('a bank that is closed writes nothing more, though a slow call was under way', async () => {
  const bank = await startBank({ slowMs: 60_000 });
  const { attended } = await connect(bank, 'clara');
  const call = attended('/v1/accounts').then(
    () => 'answered',
    () => 'cut off',
  );
  await bank.close();
  await bank.close();
  expect(await call).toBe('cut off');
  expect(bank.errors).toEqual([]);
});

test('dmitri: the consent ends once everything has been read', async () => {
  const bank = await startBank();
  const connection = await connect(bank, 'dmitri');
  await readEverything(connection);
  const reply = await connection.attended('/v1/accounts');
  expect([reply.status, reply.body.tppMessages[0].code]).toEqual([401, 'CONSENT_EXPIRED']);
  const { body } = await bank.call(`/v1/consents/${connection.consentId}/status`);
  expect(body).toEqual({ consentStatus: 'expired' });
});

test('elena: the bank is down once everything has been read; the consent stays valid', async () => {
  const bank = await startBank();
  const connection = await connect(bank, 'elena');
  await readEverything(connection);
  expect((await connection.attended('/v1/accounts')).status).toBe(503);
  const { body } = await bank.call(`/v1/consents/${connection.consentId}/status`);
  expect(body).toEqual({ consentStatus: 'valid' });
});

test('felix: the fifth unattended access of any 24 hours is refused, endpoint by endpoint', async () => {
  const bank = await startBank();
  const { read, attended } = await connect(bank, 'felix');
  const { body } = await attended('/v1/accounts');
  const balances = `/v1/accounts/${body.accounts[0].resourceId}/balances`;
  for (let access = 1; access <= 4; access += 1) expect((await read(balances)).status).toBe(200);
  const refused = await read(balances);
  expect([refused.status, refused.body.tppMessages[0].code]).toEqual([429, 'ACCESS_EXCEEDED']);
  expect((await attended(balances)).status).toBe(200);
  expect((await read('/v1/accounts')).status).toBe(200);
  bank.clock.advance(86_400_000);
  expect((await read(balances)).status).toBe(200);
});

test('greta: the SCA fails although all is typed right', async () => {
  const bank = await startBank();
  const { body } = await createConsent(bank);
  const page = await openBankPage(body._links.scaRedirect.href);
  const end = await (await page.submit({ psu_id: 'greta', password: 'sandbox' })).submit({ otp: '123456' });
  expect(end.url).toBe(nokRedirectUri);
  expect((await bank.call(`/v1/consents/${body.consentId}/status`)).body).toEqual({ consentStatus: 'rejected' });
});

test('hugo: one IBAN in two currencies, no ids, and now and then the same twice', async () => {
  const connection = await connect(await startBank(), 'hugo');
  const { body } = await connection.attended('/v1/accounts');
  expect(body.accounts.map(({ currency }: { currency: string }) => currency)).toEqual(['EUR', 'USD']);
  expect(new Set(body.accounts.map(({ iban }: { iban: string }) => iban)).size).toBe(1);
  const lists = await readEverything(connection);
  const booked = lists.flatMap((list) => list.booked);
  expect(booked.filter((entry) => 'transactionId' in entry || 'entryReference' in entry)).toEqual([]);
  const texts = booked.map((entry) => JSON.stringify(entry));
  expect(new Set(texts).size).toBeLessThan(texts.length);
});

test('load users: one small account each, all different', async () => {
  const bank = await startBank();
  const ibans = [];
  for (const psuId of ['load-1', 'load-2']) {
    const { attended } = await connect(bank, psuId);
    const { body } = await attended('/v1/accounts');
    ibans.push(...body.accounts.map(({ iban }: { iban: string }) => iban));
  }
  expect(new Set(ibans).size).toBe(2);
});
