import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openJournal } from '../../src/sandbox-bank/journal.ts';
import { type BankWorld, connect, createConsent, readTransactions, startBank } from './bank-world.ts';

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-bank-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // The bank makes the folder.
  return join(folder, 'data', 'bank.jsonl');
}

const query = 'bookingStatus=both&dateFrom=2026-01-01';

async function readFirst(bank: BankWorld, consentId: string) {
  const read = async (path: string) =>
    await bank.call(path, { headers: { 'consent-id': consentId, 'psu-ip-address': '192.0.2.7' } });
  const { body } = await read('/v1/accounts');
  const { resourceId } = body.accounts[0];
  const { body: balances } = await read(`/v1/accounts/${resourceId}/balances`);
  return { balances: balances.balances, resourceId, read };
}

test('consents, readings, balances, counted accesses and pages outlive a restart, also with a torn last line', async () => {
  const dataFile = newFile();
  const bank = await startBank({ dataFile });
  const { consentId, read, attended } = await connect(bank, 'boris');
  const before = await readFirst(bank, consentId);
  const path = `/v1/accounts/${before.resourceId}`;
  const page = (await attended(`${path}/transactions?${query}`)).body;
  const { balances } = await readFirst(bank, consentId);
  for (let access = 1; access <= 4; access += 1) await read('/v1/accounts');
  await bank.close();
  appendFileSync(dataFile, '{"consent":{"id":"torn');

  const again = await startBank({ dataFile });
  const after = await readFirst(again, consentId);
  expect(after.resourceId).toBe(before.resourceId);
  expect(after.balances).toEqual(balances);
  expect((await again.call('/v1/accounts', { headers: { 'consent-id': consentId } })).status).toBe(429);
  const next = new URL(page.transactions._links.next.href);
  expect((await after.read(`${path}/transactions${next.search}`)).status).toBe(200);
});

test('what is read after a restart goes on from what was read before it', async () => {
  const dataFile = newFile();
  const read = async (bank: BankWorld) => {
    const connection = await connect(bank, 'anna');
    const { body } = await connection.attended('/v1/accounts');
    return await readTransactions(connection, body.accounts[0].resourceId, query);
  };
  const bank = await startBank({ dataFile });
  const first = await read(bank);
  await bank.close();
  const second = await read(await startBank({ dataFile }));
  expect(second.booked.slice(0, first.booked.length)).toEqual(first.booked);
  const ids = second.booked.map(({ transactionId }) => transactionId);
  expect(ids).toEqual(expect.arrayContaining(first.pending.map(({ transactionId }) => transactionId)));
});

test('a start writes the journal anew: it holds each thing once', async () => {
  const dataFile = newFile();
  const bank = await startBank({ dataFile });
  const { consentId, attended } = await connect(bank, 'anna');
  const { body } = await attended('/v1/accounts');
  for (let reading = 0; reading < 20; reading += 1) {
    await attended(`/v1/accounts/${body.accounts[0].resourceId}/transactions?${query}`);
  }
  await bank.close();
  await (await startBank({ dataFile })).close();
  const lines = readFileSync(dataFile, 'utf8').trim().split('\n');
  expect(lines.filter((line) => line.includes(consentId))).toHaveLength(1);
  expect(lines.length).toBeLessThan(5);
});

test('a journal that grows long is written anew, and forgets nothing', () => {
  const file = newFile();
  const open = () => {
    const sums = { a: 0 };
    const replay = (line: Record<string, unknown>) => {
      sums.a += Number(line.a);
    };
    return { sums, replay, journal: openJournal({ file, replay, snapshot: () => [sums], linesPerSnapshot: 10 }) };
  };
  const first = open();
  for (let a = 1; a <= 25; a += 1) {
    first.replay({ a });
    first.journal.append({ a });
  }
  first.journal.close();
  expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(6);
  const second = open();
  second.journal.close();
  expect(second.sums.a).toBe((25 * 26) / 2);
});

test('a bank without a file forgets', async () => {
  const bank = await startBank();
  const { body } = await createConsent(bank);
  await bank.close();
  const again = await startBank();
  expect((await again.call(`/v1/consents/${body.consentId}`)).status).toBe(403);
});
