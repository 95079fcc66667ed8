import type { Browser } from 'playwright-core';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { unwrap } from '../../src/cli/demo/api-client.ts';
import { createFormBrowser } from '../../src/cli/form-browser.ts';
import { CreateWebhookEndpointDocument } from '../../src/generated/operations/graphql.ts';
import { type BankHabitsCase, listCases, toHabitsEntry } from '../banking/bank-habits.ts';
import { createChromiumScreen, createFormScreen, type EndUser, type Screen, walkThrough } from '../e2e/end-user.ts';
import { usePersonsWorld } from '../e2e/persons-world.ts';
import { launchChromium } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

/*
 * From the hosted link to the end of the consent, at banks of every kind: connected, told by webhook, in a cycle, renewed, ended. Of
 * each bank one of the two visits is made in Chromium and the other one without JavaScript. `EVERY_WAY=all` takes every combination;
 * otherwise each approach, start and kind of OAuth is met once, with the consent models and PSU-ID in turn.
 */

const cases = (process.env.EVERY_WAY === 'all' ? listCases() : everyFirst(listCases())).map((each, index) => ({
  ...each,
  name: each.words.join(' '),
  bankId: `bank_${each.words.join('_')}`,
  first: index % 2 === 0 ? ('without JavaScript' as const) : ('in Chromium' as const),
}));

function everyFirst(all: readonly BankHabitsCase[]): BankHabitsCase[] {
  const groups = new Map<string, BankHabitsCase[]>();
  for (const each of all) {
    const key = [each.words[0], each.words[1], each.oauth?.when ?? ''].join(' ');
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()].flatMap((group, index) => group[(index * 5) % group.length] ?? []);
}

const world = usePersonsWorld({
  toBanks: (url) => cases.map((given) => ({ ...toHabitsEntry(given, url), id: given.bankId })),
  sandbox: { tokenSeconds: 2 },
});
let receiver: WebhookReceiver;
let verifier: Webhook;
let chromium: Browser | null = null;

beforeAll(async () => {
  chromium = await launchChromium();
  receiver = await startWebhookReceiver();
  const { createWebhookEndpoint } = await world.api.run(CreateWebhookEndpointDocument, {
    input: { url: receiver.url },
  });
  verifier = new Webhook(unwrap(createWebhookEndpoint).secret);
});
afterAll(async () => {
  await chromium?.close();
  await receiver?.stop();
});

interface Delivered {
  type: string;
  data: { user: { id: string }; bankLogin: { id: string } };
}

/** Of this user, in the order of their arrival; their signatures are checked. */
async function waitForWebhooks(userId: string, count: number): Promise<Delivered[]> {
  const ofUser = () => receiver.received.filter(({ body }) => body.includes(userId));
  await eventually(() => ofUser().length >= count, { limitMs: 30_000, what: `${count} webhooks of the user` });
  return ofUser().map(({ body, headers }) => {
    // The service's clock is not the machine's, which is all that `verify` looks at.
    const [id, sentAt] = [String(headers['webhook-id']), new Date(Number(headers['webhook-timestamp']) * 1_000)];
    expect(headers['webhook-signature']).toBe(verifier.sign(id, sentAt, body));
    return JSON.parse(body) as Delivered;
  });
}

async function openScreen(kind: 'in Chromium' | 'without JavaScript'): Promise<Screen> {
  if (kind === 'without JavaScript' || !chromium) return createFormScreen(createFormBrowser());
  const context = await chromium.newContext({ locale: 'en-GB' });
  onTestFinished(async () => await context.close());
  return createChromiumScreen(await context.newPage());
}

function atBank({ words, bankId }: Pick<(typeof cases)[number], 'words' | 'bankId'>, screen: Screen): EndUser {
  const appUrl = `${world.sandbox.url}/with.${words.join('.')}/app`;
  return { screen, psuId: 'anna', bankId, appUrl, iban: 'DE47 5001 0517 4002 0949 95' };
}

async function openOverview(userId: string): Promise<string> {
  const { createManagementSession } = await world.api.run<{
    createManagementSession: { __typename: string; session?: { redirectUrl: string } };
  }>(
    `mutation ($input: CreateManagementSessionInput!) { createManagementSession(input: $input) {
      __typename ... on CreateManagementSessionPayload { session { redirectUrl } } ... on Error { message } } }`,
    { input: { userId } },
  );
  return unwrap<{ session: { redirectUrl: string } }>(createManagementSession).session.redirectUrl;
}

async function deleteLogin(id: string): Promise<void> {
  const { deleteBankLogin } = await world.api.run<{ deleteBankLogin: { __typename: string } }>(
    'mutation ($id: ID!) { deleteBankLogin(id: $id) { __typename ... on Error { message } } }',
    { id },
  );
  unwrap(deleteBankLogin);
}

describe('every way to a consent', () => {
  it.each(cases)('$name, first $first', { timeout: 120_000 }, async (given) => {
    const userId = await world.createUser();
    const session = await world.createConnectSession(userId, given.bankId);
    const first = atBank(given, await openScreen(given.first));
    expect((await walkThrough(first, session.redirectUrl)).at(-1)).toBe('Done');
    expect((await waitForWebhooks(userId, 1)).map(({ type }) => type)).toEqual(['bank_login.connected']);

    // Longer than a token lasts.
    world.clock.advance(10_000);
    await world.runCycle();
    const [, synchronized] = await waitForWebhooks(userId, 2);
    expect(synchronized?.type).toBe('bank_login.synchronized');

    world.clock.advance(10_000);
    const other = given.first === 'in Chromium' ? 'without JavaScript' : 'in Chromium';
    const again = atBank(given, await openScreen(other));
    await again.screen.open(await openOverview(userId));
    await again.screen.send({}, 'Renew');
    expect((await walkThrough(again, again.screen.url())).at(-1)).toBe('Your banks');
    const told = await waitForWebhooks(userId, 3);
    expect(told.map(({ type }) => type).slice(2)).toEqual(['bank_login.synchronized']);
    const statuses = await world.statuses(userId);
    expect(statuses.map(({ status, bankLogin }) => [status, bankLogin.consent?.status])).toEqual([['OK', 'VALID']]);

    await deleteLogin(told[0]?.data.bankLogin.id ?? '');
    expect(await world.statuses(userId)).toEqual([]);
  });

  it('ends at each bank: nobody may read the accounts any more', { timeout: 120_000 }, async () => {
    const readers = async ({ words }: BankHabitsCase) => {
      const login = await createFormBrowser().open(`${world.sandbox.url}/with.${words.join('.')}/banking`);
      return (await login.submit({ psu_id: 'anna', password: 'sandbox' })).text;
    };
    await eventually(
      async () => (await Promise.all(cases.map(readers))).every((text) => text.includes('Nobody.')),
      // Consents are ended once a minute.
      { limitMs: 90_000, what: 'the end of all consents' },
    );
  });
});
