import { expect, it } from 'vitest';
import { createBankStore } from '../../src/consent/bank-store.ts';
import { bankEntry } from '../banking/fake-bank.ts';
import { openTestDatabase } from '../support/test-database.ts';

it('takes over the operator’s list, and keeps what has left it for its logins', async () => {
  const store = createBankStore(await openTestDatabase());
  const entry = bankEntry('https://bank.example', { id: 'bank_a', name: 'A Bank', scaValidityDays: 90 });
  await store.replaceAll([entry, { ...entry, id: 'bank_b', name: 'B Bank' }]);
  await store.replaceAll([{ ...entry, id: 'bank_b', name: 'Better Bank', scaValidityDays: 30 }]);
  expect(await store.list(null, { after: null, limit: 10 })).toMatchObject([
    { id: 'bank_b', name: 'Better Bank', scaValidityDays: 30, listed: true },
  ]);
  expect(await store.find('bank_a')).toMatchObject({ listed: false, scaValidityDays: 90 });
});
