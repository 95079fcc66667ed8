import { expect, test, vi } from 'vitest';
import { createBankDirectory } from '../../src/banking/bank-directory.ts';
import type { BankPort } from '../../src/banking/bank-port.ts';
import { NotFound, StartupError } from '../../src/domain/errors.ts';
import { attended, bankEntry, startFakeBank } from './fake-bank.ts';

test('lists the operator’s banks in order and gives each by id', async () => {
  const first = bankEntry('https://one.example', { id: 'bank_one' });
  const second = bankEntry('https://two.example', { id: 'bank_two' });
  const directory = createBankDirectory([second, first]);
  expect(directory.list()).toEqual([second, first]);
  expect(directory.entry('bank_one')).toBe(first);
  expect(directory.get('bank_one')).not.toBe(directory.get('bank_two'));
  expect(directory.get('bank_one')).toBe(directory.get('bank_one'));
  await directory.close();
});

test('knows no other bank', async () => {
  const directory = createBankDirectory([]);
  expect(() => directory.get('bank_none')).toThrow(NotFound);
  expect(() => directory.entry('constructor')).toThrow(NotFound);
  await directory.close();
});

test('speaks the Berlin Group’s protocol with them, until it is closed', async () => {
  const fake = await startFakeBank({ body: { accounts: [] } });
  const directory = createBankDirectory([bankEntry(fake.url)]);
  const bank = directory.get('bank_test');
  expect((await bank.listAccounts(attended)).accounts).toEqual([]);
  await directory.close();
  await expect(bank.listAccounts(attended)).rejects.toMatchObject({ code: 'BANK_UNAVAILABLE' });
});

test('takes another kind of bank, and closes it too', async () => {
  const close = vi.fn(async () => {});
  const bank = { close } as unknown as BankPort;
  const directory = createBankDirectory([bankEntry('https://bank.example')], { createBank: () => bank });
  expect(directory.get('bank_test')).toBe(bank);
  await directory.close();
  expect(close).toHaveBeenCalledOnce();
});

test('does not start with a protocol that nobody speaks', () => {
  const entry = bankEntry('https://bank.example', { protocol: 'swift' });
  expect(() => createBankDirectory([entry])).toThrow(StartupError);
  expect(() => createBankDirectory([entry])).toThrow(/bank_test.*"swift".*berlin-group/);
});
