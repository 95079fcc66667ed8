import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createFormBrowser } from '../../src/cli/form-browser.ts';
import { credentialsOf } from '../../src/consent/consent-store.ts';
import { createEncryption, singleKey } from '../../src/storage/encryption.ts';
import { listCases, toHabitsEntry } from '../banking/bank-habits.ts';
import { createFormScreen, walkThrough } from '../e2e/end-user.ts';
import { type ConnectedWorld, createConnectedWorld } from './connected-world.ts';

/*
 * Random lives of logins at banks with OAuth, of each kind: tokens of two seconds, so that every reading is after a renewal; the bank
 * withdraws them, its authorisation server is down, the end user renews, and several read at once. After each step the login is what
 * the model says, what is lost is told once, and at the end the rows are those of the bank's books. No refresh token is ever shown
 * after what came of it was used. `OAUTH_LIVES` takes more of them than the ten of every test run, by a random seed.
 */

const lifeCount = Number(process.env.OAUTH_LIVES ?? 10);
const seed = process.env.OAUTH_LIVES ? Date.now() % 2 ** 31 : 20261129;

const kinds = ['oauth-sca', 'oauth-before', 'oauth-instead'] as const;
const steps = ['cycle', 'cycle', 'outage', 'withdraw', 'renew', 'at-once'] as const;
type Step = (typeof steps)[number];

const encryption = createEncryption(singleKey(Buffer.alloc(32, 7)));
const hour = 3_600_000;

/** What has become of the login: `lost` once it has been told. */
interface Model {
  isGranted: boolean;
  isTold: boolean;
  synchronizations: number;
  losses: number;
}

interface Life {
  world: ConnectedWorld;
  bankId: string;
  baseUrl: string;
  psuId: string;
  userId: string;
  loginId: string;
  server: { isDown: boolean };
  model: Model;
}

async function createWorld() {
  const server = { isDown: false };
  const banks = kinds.map((kind) => {
    const found = listCases().find(({ words }) => words.includes(kind) && words[0] === 'redirect');
    if (!found) throw new Error(`There is no bank with ${kind}.`);
    return { ...found, kind };
  });
  const world = await createConnectedWorld({
    toEntries: (url) => banks.map((each) => ({ ...toHabitsEntry(each, url), id: `bank_${each.kind}` })),
    sandbox: {
      tokenSeconds: 2,
      onRefresh: () => {
        if (server.isDown) throw new Error('down');
      },
      onError: () => {},
    },
  });
  const baseUrlOf = (kind: string) =>
    `${world.bankUrl}/with.${banks.find((each) => each.kind === kind)?.words.join('.')}`;
  return { world, server, baseUrlOf };
}

async function visit({ bankId, psuId }: Pick<Life, 'bankId' | 'psuId'>, link: string): Promise<void> {
  const endUser = { screen: createFormScreen(createFormBrowser()), psuId, bankId, appUrl: '' };
  const headings = await walkThrough(endUser, link);
  expect(headings.at(-1), headings.join(' → ')).toBe('Done');
}

async function runCycle({ synchronization }: ConnectedWorld): Promise<void> {
  const { cycles, cycleRunner } = synchronization;
  const { id: cycleId } = await cycles.runExtraCycle();
  while ((await cycleRunner.workLane({ cycleId, lane: 0, touch: async () => {} })) !== 'finished');
  await cycles.completeIfDone(cycleId);
}

async function synchronizeOnRequest({ world, loginId }: Life): Promise<void> {
  const asked = { bankLoginId: loginId, psuIpAddress: null, returnUrl: null, storeSecrets: null, idempotencyKey: null };
  // Refused while another one runs, or where the end user is needed.
  await world.synchronizationSessions.createSynchronizationSession(world.clientId, asked).catch(() => {});
}

async function readRefreshToken({ world, loginId }: Life): Promise<string> {
  const { id, credentials } = await world.database.prisma.consent.findFirstOrThrow({
    where: { bankLoginId: loginId, status: 'VALID' },
  });
  return JSON.parse(encryption.decrypt(credentials ?? '', credentialsOf(id))).tokens.refresh;
}

const run: Readonly<Record<Step, (life: Life) => Promise<void>>> = {
  async cycle({ world, model }) {
    world.clock.advance(8 * hour);
    await runCycle(world);
    if (model.isGranted) model.synchronizations += 1;
    else if (!model.isTold) {
      model.isTold = true;
      model.losses += 1;
    }
  },
  async outage({ world, model, server }) {
    world.clock.advance(8 * hour);
    server.isDown = true;
    await runCycle(world);
    server.isDown = false;
    // Nothing is known of a grant while the server is down, and nothing is lost by it.
    void model;
  },
  async withdraw(life) {
    const { model, baseUrl } = life;
    if (!model.isGranted) return;
    const body = new URLSearchParams({ token: await readRefreshToken(life) });
    expect((await fetch(`${baseUrl}/oauth/revoke`, { method: 'POST', body })).status).toBe(200);
    model.isGranted = false;
  },
  async renew(life) {
    const { world, userId, loginId, bankId, model } = life;
    world.clock.advance(60_000);
    const session = await world.connections.sessions.awaitEndUser({
      clientId: world.clientId,
      userId,
      bankLoginId: loginId,
      bankId,
      storeSecrets: true,
      returnUrl: null,
      psuIpAddress: null,
      idempotencyKey: null,
      idempotencyHash: null,
    });
    if (!session) throw new Error('The login is busy.');
    await visit(life, world.linkOf(session));
    model.isGranted = true;
    model.isTold = false;
    model.synchronizations += 1;
  },
  async 'at-once'(life) {
    const { world, model } = life;
    if (!model.isGranted) return;
    world.clock.advance(8 * hour);
    const before = await countEvents(life, 'BANK_LOGIN_SYNCHRONIZED');
    await Promise.all([runCycle(world), synchronizeOnRequest(life), synchronizeOnRequest(life)]);
    const count = (await countEvents(life, 'BANK_LOGIN_SYNCHRONIZED')) - before;
    // Who finds the login busy may leave it to the others.
    expect(count).toBeGreaterThanOrEqual(1);
    model.synchronizations += count;
  },
};

async function countEvents({ world, userId }: Life, type: string): Promise<number> {
  return (await world.database.prisma.event.findMany({ where: { userId }, select: { type: true } })).filter(
    (event) => event.type === type,
  ).length;
}

async function checkAgainst(life: Life, walked: readonly Step[]): Promise<void> {
  const { model, world, loginId } = life;
  const after = walked.join(', ');
  const { status } = await world.database.prisma.bankLogin.findUniqueOrThrow({ where: { id: loginId } });
  if (model.isTold) expect(status, after).toBe('SCA_REQUIRED');
  else if (walked.at(-1) !== 'outage') expect(status, after).not.toBe('SCA_REQUIRED');
  expect(await countEvents(life, 'BANK_LOGIN_SCA_REQUIRED'), after).toBe(model.losses);
  expect(await countEvents(life, 'BANK_LOGIN_SYNCHRONIZED'), after).toBe(model.synchronizations);
  expect(world.sandbox.countReusedTokens(), after).toBe(0);
}

/** Once it has been read to the end, what is stored is what the bank's books have. */
async function checkRows({ world, psuId, userId }: Life): Promise<void> {
  const stored = await world.database.prisma.transaction.findMany({
    where: { account: { bankLogin: { userId } }, status: 'BOOKED' },
  });
  const booked = world.sandbox.listStatements(psuId).flatMap(({ entries }) => entries);
  const cents = booked.filter(({ status }) => status === 'booked').map((entry) => entry.cents);
  expect(cents.length).toBeGreaterThan(0);
  expect(sorted(stored.map(({ amount }) => Math.round(Number(amount) * 100)))).toEqual(sorted(cents));
}

const sorted = (values: number[]): number[] => values.toSorted((a, b) => a - b);

it(`lives through ${lifeCount} random lives at banks with OAuth`, {
  timeout: 60_000 + lifeCount * 20_000,
}, async () => {
  const { world, server, baseUrlOf } = await createWorld();
  let count = 0;
  const lives = fc.record({
    kind: fc.constantFrom(...kinds),
    walk: fc.array(fc.constantFrom(...steps), { minLength: 2, maxLength: 7 }),
  });
  await fc.assert(
    fc.asyncProperty(lives, async ({ kind, walk }) => {
      count += 1;
      const [psuId, bankId] = [`load-${count}`, `bank_${kind}`];
      const session = await world.createSession({ bankId });
      await visit({ bankId, psuId }, world.linkOf(session));
      const { id: loginId, userId } = await world.database.prisma.bankLogin.findFirstOrThrow({
        where: { userId: session.userId },
      });
      const model: Model = { isGranted: true, isTold: false, synchronizations: 0, losses: 0 };
      const life: Life = { world, bankId, baseUrl: baseUrlOf(kind), psuId, userId, loginId, server, model };
      const walked: Step[] = [];
      for (const step of [...walk, 'cycle'] as const) {
        await run[step](life);
        walked.push(step);
        await checkAgainst(life, walked);
      }
      if (model.isGranted) await checkRows(life);
      await world.connections.erasure.deleteBankLogin(world.clientId, loginId);
      for (const task of world.connections.maintenance) await task.run();
      expect(await world.database.prisma.consentTermination.count(), walked.join(', ')).toBe(0);
    }),
    { numRuns: lifeCount, seed, endOnFailure: true },
  );
});
