import { describe, expect, it } from 'vitest';
import {
  type FetchedAccount,
  findMissingAccounts,
  findSeenUntil,
  matchAccounts,
  type StoredAccount,
} from '../../src/accounts/account-match.ts';
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

describe('pots and spaces, which share IBAN and currency', () => {
  const main = stored({ id: 'acc_main', resourceId: 'r1', name: 'Giro' });
  const pot = stored({ id: 'acc_pot', resourceId: 'r2', name: 'Holiday' });
  it.each<[promise: string, given: FetchedAccount[], known: StoredAccount[], ids: string[]]>([
    ['are two accounts', [fetched(), fetched({ resourceId: 'r2' })], [], ['new_1', 'new_2']],
    [
      'are known by their resource ids, in whatever order and under whatever names',
      [fetched({ resourceId: 'r2', name: 'Beach' }), fetched({ name: 'Giro' })],
      [main, pot],
      ['acc_pot', 'acc_main'],
    ],
    [
      'are known by their names where a new consent has numbered them anew',
      [fetched({ resourceId: 'r1', name: 'Holiday' }), fetched({ resourceId: 'r2', name: 'Giro' })],
      [main, pot],
      ['acc_pot', 'acc_main'],
    ],
    [
      'leave the account what it is when a pot is opened',
      [fetched({ resourceId: 'r9', name: 'House' }), fetched({ resourceId: 'r8', name: 'Giro' })],
      [main],
      ['new_1', 'acc_main'],
    ],
  ])('%s', (_promise, given, known, ids) => {
    expect(match(given, known).map(([id]) => id)).toEqual(ids);
  });

  it('are read from where none of them can miss anything, until it is known which is which', () => {
    const known = [
      { ...main, lastBookingDate: '2026-03-09' },
      { ...pot, lastBookingDate: '2026-01-05' },
    ];
    expect(findSeenUntil(fetched({ name: 'Giro' }), known)).toBe('2026-03-09');
    expect(findSeenUntil(fetched({ resourceId: 'r9' }), known)).toBe('2026-01-05');
    expect(findSeenUntil(fetched({ resourceId: 'r9' }), [...known, stored({ id: 'acc_new' })])).toBeNull();
    expect(findSeenUntil(fetched({ iban: 'DE7', resourceId: 'r7' }), known)).toBeNull();
  });
});

describe('an account that nothing names', () => {
  const unnamed = (given: Partial<FetchedAccount> = {}) => fetched({ iban: null, ...given });
  const giro = stored({ id: 'acc_giro', identification: 'r1', name: 'Giro', product: 'Basic' });
  const card = stored({ id: 'acc_card', resourceId: 'r2', identification: 'r2', name: 'Card' });
  it.each<[promise: string, given: FetchedAccount[], ids: [string, string][]]>([
    [
      'is known by name and product under a new resource id, which is kept',
      [unnamed({ resourceId: 'r8', name: 'Giro', product: 'Basic' }), unnamed({ resourceId: 'r9', name: 'Card' })],
      [
        ['acc_giro', 'r8'],
        ['acc_card', 'r9'],
      ],
    ],
    ['is known by its resource id when it was renamed', [unnamed({ name: 'Salary' })], [['acc_giro', 'r1']]],
    [
      'is another one where two say the same',
      [unnamed({ resourceId: 'r8', name: 'Card' }), unnamed({ resourceId: 'r9', name: 'Card' })],
      [
        ['new_1', 'r8'],
        ['new_2', 'r9'],
      ],
    ],
    ['is another one under another name', [unnamed({ resourceId: 'r8', name: 'Savings' })], [['new_1', 'r8']]],
  ])('%s', (_promise, given, ids) => {
    expect(match(given, [giro, card])).toEqual(ids);
  });

  it('is known again and again, with another resource id each time', () => {
    let known = [giro];
    for (const resourceId of ['r5', 'r6', 'r7']) {
      const [found] = matchAccounts([unnamed({ resourceId, name: 'Giro', product: 'Basic' })], known, () => 'new');
      expect(found).toMatchObject({ id: 'acc_giro', identification: resourceId });
      known = [{ ...giro, resourceId, identification: found?.identification ?? '' }];
    }
  });
});

describe('an account that the bank does not list', () => {
  const now = new Date('2026-03-10T04:00:00Z');
  const find = (known: StoredAccount[], given: FetchedAccount[], complete = true) =>
    findMissingAccounts(
      known,
      matchAccounts(given, known, () => 'new'),
      { complete, now },
    );

  it('is gone when two lists hours apart leave it out', () => {
    expect(find([stored()], [])).toEqual({ missedIds: ['acc_1'], goneIds: [] });
    const missedAt = (missingSince: string) => [stored({ missingSince })];
    expect(find(missedAt('2026-03-10T03:00:00Z'), [])).toEqual({ missedIds: [], goneIds: [] });
    expect(find(missedAt('2026-03-09T16:00:00Z'), [])).toEqual({ missedIds: [], goneIds: ['acc_1'] });
    expect(find([stored({ missingSince: '2026-03-09T16:00:00Z', state: 'GONE' })], [])).toEqual({
      missedIds: [],
      goneIds: [],
    });
  });

  it('is not missing where the list was not read whole', () => {
    expect(find([stored()], [], false)).toEqual({ missedIds: [], goneIds: [] });
  });

  it('is gone at once where another that nothing names stands in its place', () => {
    const known = [stored({ identification: 'r1', name: 'Giro' })];
    const other = fetched({ iban: null, resourceId: 'r2', name: 'Konto' });
    expect(find(known, [other])).toEqual({ missedIds: [], goneIds: ['acc_1'] });
    expect(find(known, [{ ...other, currency: 'USD' }])).toEqual({ missedIds: ['acc_1'], goneIds: [] });
  });
});
