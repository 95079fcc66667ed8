import { expect, test } from 'vitest';
import {
  attended,
  type BankReply,
  type BankRequest,
  collect,
  failureOf,
  givenAccount,
  learntOf,
  openBank,
  startFakeBank,
} from '../fake-bank.ts';
import { query, refusal } from './bank-habits.ts';

const accounts = ['a-1', 'a-2', 'a-3'].map((resourceId) => givenAccount({ resourceId }));
const callCount = 2 * accounts.length;

/** Balances and transactions of three accounts, all asked for at once. */
function readAll(bank: ReturnType<typeof openBank>, signal = new AbortController().signal): Promise<unknown[]> {
  const access = { ...attended, signal };
  return Promise.all(
    accounts.flatMap((account) => [
      bank.readBalances(account, access),
      collect(bank.listTransactions(account, query, access)),
    ]),
  );
}

/** Answers when `most` calls wait, or all that are left: fewer at once, and the test does not end. */
function gatheringBank(most: number) {
  const waiting: (() => void)[] = [];
  let left = callCount;
  let highest = 0;
  const answer = async (): Promise<BankReply> => {
    const answered = new Promise<void>((resolve) => waiting.push(resolve));
    highest = Math.max(highest, waiting.length);
    if (waiting.length === Math.min(most, left)) {
      left -= waiting.length;
      for (const go of waiting.splice(0)) go();
    }
    await answered;
    return { body: {} };
  };
  return { answer, highest: () => highest };
}

test.each([1, 2, 4])('at most %i calls of a login are in flight, and as many as that', async (parallelCalls) => {
  const gathering = gatheringBank(parallelCalls);
  const fake = await startFakeBank(gathering.answer);
  await readAll(openBank(fake.url, { parallelCalls }));
  expect(fake.requests).toHaveLength(callCount);
  expect(gathering.highest()).toBe(parallelCalls);
});

/** Takes one call at a time and refuses the others. */
function serialBank(status: number, code?: string) {
  let isBusy = false;
  let refused = 0;
  const answer = async (_request: BankRequest): Promise<BankReply> => {
    if (isBusy) {
      refused += 1;
      return refusal(status, code);
    }
    isBusy = true;
    // Until the refusals of those that came beside it are out.
    await new Promise((resolve) => setTimeout(resolve, 30));
    isBusy = false;
    return { body: {} };
  };
  return { answer, refused: () => refused };
}

test.each<[status: number, code?: string]>([[429], [429, 'TOO_MANY_REQUESTS'], [409, 'CONFLICT'], [503]])(
  'a bank that refuses calls side by side with %i %s is read serially, and remembered',
  async (status, code) => {
    const serial = serialBank(status, code);
    const fake = await startFakeBank(serial.answer);
    const learnt = learntOf();
    const bank = openBank(fake.url, {}, {}, learnt);
    await readAll(bank);
    const refusedAtFirst = serial.refused();
    expect(refusedAtFirst).toBeGreaterThan(0);
    await readAll(bank);
    expect(serial.refused()).toBe(refusedAtFirst);
    expect(await learnt.get('parallel-calls')).toBe('refused');
  },
);

test('the allowance of a day is used up, and nothing is asked twice', async () => {
  const fake = await startFakeBank(refusal(429, 'ACCESS_EXCEEDED'));
  expect((await failureOf(readAll(openBank(fake.url)))).code).toBe('ACCESS_EXCEEDED');
  expect(fake.requests.length).toBeLessThanOrEqual(callCount);
});

test('a bank that is down is asked once more at most, and nothing is learnt of it', async () => {
  const fake = await startFakeBank({ status: 503 });
  const learnt = learntOf();
  const bank = openBank(fake.url, {}, {}, learnt);
  const access = { ...attended, signal: new AbortController().signal };
  const outcomes = await Promise.allSettled(accounts.map((account) => bank.readBalances(account, access)));
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(fake.requests.length).toBeLessThanOrEqual(2 * accounts.length);
  expect(await learnt.get('parallel-calls')).toBeNull();
});

test('one login does not wait for another one', async () => {
  const gathering = gatheringBank(4);
  const fake = await startFakeBank(gathering.answer);
  const bank = openBank(fake.url, { parallelCalls: 2 });
  const [first, second] = [new AbortController().signal, new AbortController().signal];
  await Promise.all(
    [first, second].flatMap((signal) => accounts.map((account) => bank.readBalances(account, { ...attended, signal }))),
  );
  expect(gathering.highest()).toBe(4);
});
