import { expect, it } from 'vitest';
import { createBankLearningStore } from '../../src/consent/bank-learning-store.ts';
import { createBankStore } from '../../src/consent/bank-store.ts';
import { Secret } from '../../src/domain/secret.ts';
import { bankEntry } from '../banking/fake-bank.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { openTestDatabase } from '../support/test-database.ts';

const entry = bankEntry('https://bank.example');

async function openStore() {
  const database = await openTestDatabase();
  await createBankStore(database).replaceAll([entry]);
  const clock = fixedClock();
  // A store each is a process each.
  return { clock, open: () => createBankLearningStore(database, clock) };
}

it('tells every process what one has learnt, and each bank apart', async () => {
  const { open } = await openStore();
  await open().of(entry).put('consentModel', 'bank-offered');
  await open().of(entry).put('consentModel', 'by-iban');
  expect(await open().of(entry).get('consentModel')).toBe('by-iban');
  expect(await open().of(entry).get('both')).toBeNull();
  expect(
    await open()
      .of({ ...entry, id: 'bank_other' })
      .get('consentModel'),
  ).toBeNull();
});

it('asks the store once a minute, and knows its own at once', async () => {
  const { clock, open } = await openStore();
  const here = open().of(entry);
  expect(await here.get('both')).toBeNull();
  await open().of(entry).put('both', 'no');
  expect(await here.get('both')).toBeNull();
  await here.put('cards', 'none');
  expect(await here.get('cards')).toBe('none');
  clock.advance(61_000);
  expect(await here.get('both')).toBe('no');
});

it('forgets after a week', async () => {
  const { clock, open } = await openStore();
  await open().of(entry).put('both', 'no');
  clock.advance(6 * 86_400_000);
  expect(await open().of(entry).get('both')).toBe('no');
  clock.advance(86_400_000);
  expect(await open().of(entry).get('both')).toBeNull();
  await open().forget();
  clock.advance(-86_400_000);
  expect(await open().of(entry).get('both')).toBeNull();
});

it('forgets when the operator changes the bank’s entry, but not for a new secret', async () => {
  const { open } = await openStore();
  const headers = { 'x-api-key': new Secret('1') };
  await open()
    .of({ ...entry, headers })
    .put('both', 'no');
  const rotated = { ...entry, headers: { 'x-api-key': new Secret('2') } };
  expect(await open().of(rotated).get('both')).toBe('no');
  expect(
    await open()
      .of({ ...rotated, baseUrl: 'https://other.example' })
      .get('both'),
  ).toBeNull();
});
