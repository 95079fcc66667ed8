import { pino } from 'pino';
import { beforeAll, describe, expect, it } from 'vitest';
import { sandboxBanks } from '../../src/config/sandbox-banks.ts';
import type { BankEntry } from '../../src/domain/bank-entry.ts';
import { englishWords } from '../../src/http/pages/english-words.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { createFormScreen } from './end-user.ts';
import { connectPerson } from './persons.ts';
import { usePersonsWorld } from './persons-world.ts';
import { type ProxiedReply, useStrangeProxy } from './strange-proxy.ts';
import { type StrangeReply, strangeAccounts, unreadable, unreadableRows } from './strange-replies.ts';

/** What a bank says of the second of two accounts; of the first it says what it should. */
interface Face {
  name: string;
  replace(reply: ProxiedReply, second: string): StrangeReply | null;
  /** Of the second account; null: it has none, since nothing is known of it. */
  problem: string | null;
  /** What the log and the metric say was left out. */
  leftOut: 'call' | 'row' | 'account';
}

/** Of the second account, transactions and balances alike. */
const ofSecond =
  (strange: StrangeReply): Face['replace'] =>
  ({ path }, second) =>
    path.startsWith(`accounts/${second}/`) ? strange : null;

const ofTransactions: Face[] = [
  ...Object.entries(unreadable).map(([name, reply]) => ({
    name,
    replace: ofSecond(reply),
    problem: 'TRANSACTIONS_UNREADABLE',
    leftOut: 'call' as const,
  })),
  ...Object.entries(unreadableRows).map(([name, reply]) => ({
    name,
    replace: ofSecond(reply),
    problem: 'ROWS_SKIPPED',
    leftOut: 'row' as const,
  })),
];
const ofLists: Face[] = [
  ...Object.entries(strangeAccounts).map(([name, account]) => ({
    name: `an account in the list that is ${name}`,
    replace: ({ path, body }: ProxiedReply) => (path === 'accounts' ? withSecond(body, account) : null),
    problem: null,
    leftOut: 'account' as const,
  })),
];

function withSecond(body: string, account: unknown): StrangeReply {
  const { accounts } = JSON.parse(body) as { accounts: unknown[] };
  return { body: JSON.stringify({ accounts: [accounts[0], account] }) };
}

/** The connection, and four cycles. What two replies leave out, the later one hours after the first, would be gone. */
const readings = [
  { isStrange: true, hours: 0 },
  { isStrange: true, hours: 1 },
  { isStrange: false, hours: 1 },
  { isStrange: true, hours: 1 },
  { isStrange: true, hours: 7 },
];
const healthyReading = readings.findIndex(({ isStrange }) => !isStrange);
const strangeReadings = [...readings.keys()].filter((reading) => reading !== healthyReading);
/** A bank has a face of its own in each of its strange readings; in its last ones it may be healthy. */
const faces = [...inWholeBanks(ofTransactions), ...inWholeBanks(ofLists)];
const bankCount = faces.length / strangeReadings.length;

function inWholeBanks(some: readonly Face[]): (Face | null)[] {
  const rest = (strangeReadings.length - (some.length % strangeReadings.length)) % strangeReadings.length;
  return [...some, ...Array.from({ length: rest }, () => null)];
}

function toPlace(face: number): { bank: number; reading: number } {
  const reading = strangeReadings[face % strangeReadings.length] ?? 0;
  return { bank: Math.floor(face / strangeReadings.length), reading };
}

function findFace(bank: number, reading: number): Face | null | undefined {
  const turn = strangeReadings.indexOf(reading);
  return turn < 0 ? undefined : faces[bank * strangeReadings.length + turn];
}

// Between the slots of 04:00 and 16:00, so that no cycle runs but those that the test asks for.
const clock = fixedClock('2026-03-10T04:10:00Z');
let present = 0;
const lines: { level: number; bankId?: string; reading: number }[] = [];
const write = (line: string) => void lines.push({ ...JSON.parse(line), reading: present });
const proxy = useStrangeProxy();
const toBanks = (url: string): BankEntry[] => {
  const [embedded] = sandboxBanks(url).filter(({ preferredApproach }) => preferredApproach === 'embedded');
  proxy.target = url;
  return Array.from({ length: bankCount }, (_, bank) => ({
    ...(embedded as NonNullable<typeof embedded>),
    id: toBankId(bank),
    baseUrl: `${proxy.url()}/${toBankId(bank)}/embedded`,
  }));
};
const world = usePersonsWorld({ toBanks, clock, log: pino({ level: 'warn', base: null }, { write }) });

interface Seen {
  status: string;
  accounts: { problem: string | null; rows: string[] }[];
}

const logins: { heading: string; userId: string; seen: Seen[] }[] = [];
/** By bank, the second account, as the sandbox bank lists it. */
const seconds = new Map<string, { resourceId: string; iban: string }>();

const statusQuery = /* GraphQL */ `query ($userId: ID!) { loginsSynchronizationStatus(userId: $userId) {
  status bankLogin { accounts { id iban problem { code message } } } } }`;

describe('a face that no one here has seen fails alone and says why', { timeout: 600_000 }, () => {
  beforeAll(async () => {
    proxy.replace = (reply) => {
      if (reply.path === 'accounts') noteSecond(reply);
      const bank = Array.from({ length: bankCount }, (_, each) => toBankId(each)).indexOf(reply.bank);
      return findFace(bank, present)?.replace(reply, seconds.get(reply.bank)?.resourceId ?? '') ?? null;
    };
    for (let bank = 0; bank < bankCount; bank += 1) {
      const endUser = { screen: createFormScreen(), psuId: 'anna', bankId: toBankId(bank), appUrl: '' };
      const { userId, headings } = await connectPerson(world, endUser);
      logins.push({ heading: headings.at(-1) ?? '', userId, seen: [] });
    }
    for (const [reading, { hours }] of readings.entries()) {
      present = reading;
      clock.advance(hours * 3_600_000);
      if (reading > 0) await world.runCycle();
      await look();
    }
  }, 600_000);

  it.each(faces.flatMap((face, index) => (face ? [{ ...face, ...toPlace(index) }] : [])))('$name', async (face) => {
    const { bank, reading, problem, leftOut } = face;
    const { heading, seen } = logins[bank] as (typeof logins)[number];
    expect(heading).toBe(englishWords.doneTitle);
    const { status, accounts } = seen[reading] as Seen;
    const [first, second] = accounts;
    expect(status).toBe('OK');
    expect(first?.problem).toBeNull();
    expect(first?.rows.length).toBeGreaterThan(20);
    // What has been read once stays; before that there is nothing, and of an account that is not understood not even a name.
    const kept = seen[healthyReading]?.accounts[1];
    expect(kept?.problem).toBeNull();
    expect(kept?.rows.length).toBeGreaterThan(5);
    if (reading > healthyReading) expect(second).toEqual({ problem, rows: kept?.rows });
    else expect(second).toEqual(problem === null ? undefined : { problem, rows: [] });
    await expectTold(face, leftOut);
  });

  it('is no error of ours', () => {
    expect(lines.filter(({ level }) => level >= 50)).toEqual([]);
  });
});

/** Path and kind, or the reason in words; nothing of what the bank said. */
async function expectTold({ bank, reading }: ReturnType<typeof toPlace>, what: Face['leftOut']): Promise<void> {
  const told = lines.filter((line) => line.bankId === toBankId(bank) && line.reading === reading);
  const reason = expect.stringMatching(/when asked to list transactions: (it|The file) /);
  const fault = {
    path: expect.stringMatching(/^(accounts|transactions)\.\w+/),
    kind: expect.stringMatching(/^[a-z_]+$/),
  };
  const expected =
    what === 'call'
      ? { msg: 'the bank did not give a part of the data', part: 'transactions', reason }
      : { msg: "a part of the bank's reply could not be read", what, faults: expect.arrayContaining([fault]) };
  expect(told).toContainEqual(expect.objectContaining(expected));
  expect(JSON.stringify(told)).not.toMatch(/s-1|Bäckerei|alphabank|DE0212/);
  const metrics = await (await fetch(`${world.url}/metrics`)).text();
  expect(metrics).toMatch(new RegExp(`left_out_total\\{bank="${toBankId(bank)}",what="${what}"\\} [1-9]`));
}

function noteSecond({ bank, body }: ProxiedReply): void {
  const { accounts } = JSON.parse(body) as { accounts: { resourceId: string; iban: string }[] };
  if (accounts[1]) seconds.set(bank, accounts[1]);
}

async function look(): Promise<void> {
  type Answer = {
    loginsSynchronizationStatus: {
      status: string;
      bankLogin: { accounts: { id: string; iban: string; problem: { code: string } | null }[] };
    }[];
  };
  for (const [bank, { userId, seen }] of logins.entries()) {
    const second = seconds.get(toBankId(bank))?.iban;
    const { loginsSynchronizationStatus } = await world.api.run<Answer>(statusQuery, { userId });
    for (const { status, bankLogin } of loginsSynchronizationStatus) {
      const accounts = [];
      const inOrder = bankLogin.accounts.toSorted((a, b) => Number(a.iban === second) - Number(b.iban === second));
      for (const { id, problem } of inOrder) {
        const rows = (await world.transactions(id)).map((row) => row.id).sort();
        accounts.push({ problem: problem?.code ?? null, rows });
      }
      seen.push({ status, accounts });
    }
  }
}

function toBankId(bank: number): string {
  return `bank_strange_${bank}`;
}
