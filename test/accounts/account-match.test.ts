import { describe, expect, it } from 'vitest';
import { type FetchedAccount, matchAccounts, type StoredAccount } from '../../src/accounts/account-match.ts';
import { accountFields } from '../../src/domain/account-fields.ts';
import { absentValues } from '../../src/domain/field-table.ts';

function fetched(given: Partial<FetchedAccount> = {}): FetchedAccount {
  return {
    ...absentValues(accountFields),
    kind: 'CASH',
    state: 'AVAILABLE',
    resourceId: 'r1',
    iban: 'DE1',
    otherIdentification: null,
    currency: 'EUR',
    ...given,
  };
}

function stored(given: Partial<StoredAccount> = {}): StoredAccount {
  return {
    id: 'acc_1',
    resourceId: 'r1',
    identification: 'DE1',
    kind: 'CASH',
    state: 'AVAILABLE',
    iban: null,
    currency: 'EUR',
    name: null,
    product: null,
    balances: [],
    problem: null,
    lastBookingDate: null,
    missingSince: null,
    hasRemoved: false,
    ...given,
  };
}

function match(given: FetchedAccount[], known: StoredAccount[]) {
  let count = 0;
  return matchAccounts(given, known, () => `new_${++count}`).map(({ id, identification }) => [id, identification]);
}

describe('an account that the bank lists', () => {
  it.each<[promise: string, given: FetchedAccount, known: StoredAccount, id: string]>([
    ['is known by its IBAN when the resource id has changed', fetched({ resourceId: 'r9' }), stored(), 'acc_1'],
    [
      'is known by its other identification when the resource id has changed',
      fetched({ resourceId: 'r9', iban: null, otherIdentification: '4711' }),
      stored({ identification: '4711' }),
      'acc_1',
    ],
    [
      'is known by its resource id where the bank gives nothing else',
      fetched({ iban: null }),
      stored({ identification: 'r1' }),
      'acc_1',
    ],
    ['is known when the bank has begun to give its IBAN', fetched(), stored({ identification: 'r1' }), 'acc_1'],
    ['is known when the bank has left off giving its IBAN', fetched({ iban: null }), stored(), 'acc_1'],
    ['is another one in another currency', fetched({ currency: 'USD' }), stored(), 'new_1'],
    ['is another one with another IBAN, whatever its resource id', fetched({ iban: 'DE2' }), stored(), 'new_1'],
  ])('%s', (_promise, given, known, id) => {
    expect(match([given], [known])).toMatchObject([[id, expect.any(String)]]);
  });

  it('takes the identification that outlives the consent as soon as there is one', () => {
    expect(match([fetched()], [stored({ identification: 'r1' })])).toEqual([['acc_1', 'DE1']]);
    expect(match([fetched({ iban: null })], [stored()])).toEqual([['acc_1', 'DE1']]);
  });
});

describe('the accounts of a login', () => {
  it('that share an IBAN are told apart by their currency', () => {
    const given = ['EUR', 'USD', 'XXX'].map((currency) => fetched({ resourceId: `r-${currency}`, currency }));
    expect(match(given, [stored()])).toEqual([
      ['acc_1', 'DE1'],
      ['new_1', 'DE1'],
      ['new_2', 'DE1'],
    ]);
  });

  it('are taken once, although the bank lists one twice', () => {
    expect(match([fetched(), fetched()], [])).toEqual([['new_1', 'DE1']]);
  });

  it('never share what is stored', () => {
    const ids = match([fetched(), fetched({ iban: null })], [stored()]).map(([id]) => id);
    expect(ids).toEqual(['acc_1', 'new_1']);
  });
});
