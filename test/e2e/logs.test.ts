import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { startApp } from '../../src/app.ts';
import { createApiClient, unwrap } from '../../src/cli/demo/api-client.ts';
import { consentAs } from '../../src/cli/demo/end-user.ts';
import { runCycle, until } from '../../src/cli/demo/journey.ts';
import { createFormBrowser } from '../../src/cli/form-browser.ts';
import { parseConfig } from '../../src/config/config.ts';
import { CreateConnectSessionDocument } from '../../src/generated/operations/graphql.ts';
import { testApiKey } from '../support/spawn-tidewater.ts';
import { temporaryDataDirectory } from '../support/test-database.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';
import { approaches } from './persons.ts';

const foreignIban = 'DE02120300000000202051';
const headerValue = 'Bearer value-of-a-custom-header';
const receiverAnswer = 'what-the-receiver-answered';
const wrongKey = 'a-key-that-is-nobodys';
const wrongPassword = 'not-the-password';

/** Tidewater in this process with its own sandbox bank; every line of its log at the lowest level. */
async function openLoggedApp() {
  const lines: string[] = [];
  // Without what changes from run to run and might look like a number that is searched for.
  const log = pino(
    { level: 'trace', base: null, timestamp: false },
    { write: (line: string) => void lines.push(line) },
  );
  const dataDir = await temporaryDataDirectory();
  const settings = { PORT: '0', SANDBOX_BANK_PORT: '0', DATA_DIR: dataDir, BOOTSTRAP_API_KEY: testApiKey };
  const app = await startApp({ config: parseConfig(settings, () => ''), log });
  const api = createApiClient(app.url, testApiKey);
  onTestFinished(async () => {
    await api.close();
    await app.stop();
  });
  return { app, api, lines, dataDir };
}

type App = Awaited<ReturnType<typeof openLoggedApp>>;

/** A link for the end user to connect this bank. */
async function connect({ api }: App, bankId: string): Promise<string> {
  const input = { user: { recurring: true }, bankId };
  const { createConnectSession } = await api.run(CreateConnectSessionDocument, { input });
  const { redirectUrl } = unwrap(createConnectSession).session;
  return redirectUrl ?? '';
}

/** Requests that are refused, each with something in it that is nobody's business. */
async function sendFaultyRequests({ app }: App): Promise<void> {
  const post = (body: string, key = testApiKey) =>
    fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, 'x-note': headerValue },
      body,
    });
  await post('{"query":"{ viewer { id } }"}', wrongKey);
  await post(`{"query": "${foreignIban}`);
  await post(JSON.stringify({ query: `{ viewer { id ${foreignIban} } }` }));
  await post(JSON.stringify({ query: `{ node(id: "${foreignIban}") { id } }` }));
  await post(
    JSON.stringify({
      query: 'mutation ($input: CreateUserInput!) { createUser(input: $input) { __typename } }',
      variables: { input: { recurring: foreignIban } },
    }),
  );
  await fetch(`${app.url}/graphql?query=${encodeURIComponent(`{ node(id: "${foreignIban}") { id } }`)}`, {
    headers: { authorization: `Bearer ${testApiKey}` },
  });
  await fetch(`${app.url}/sessions/a-link-that-is-nobodys?code=${foreignIban}`);
  await fetch(`${app.url}/nowhere/${foreignIban}`);
}

it('no secret, account number or payload reaches the log, at whatever level', { timeout: 120_000 }, async () => {
  const opened = await openLoggedApp();
  const { api, lines, dataDir } = opened;
  const receiver = await startWebhookReceiver({ respond: () => ({ status: 500, body: receiverAnswer }) });
  onTestFinished(async () => await receiver.stop());
  const { createWebhookEndpoint } = await api.run<{
    createWebhookEndpoint: { endpoint: { id: string }; secret: string };
  }>(
    `mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) {
      ... on CreateWebhookEndpointPayload { endpoint { id } secret } } }`,
    { input: { url: receiver.url, headers: [{ name: 'Authorization', value: headerValue }] } },
  );

  const links: string[] = [];
  for (const bankId of [approaches.Redirect, approaches.Embedded]) {
    const link = await connect(opened, bankId);
    links.push(link);
    await consentAs('anna', link);
  }
  const abandoned = await createFormBrowser().open(await connect(opened, approaches.Embedded));
  const named = await (await abandoned.submit()).submit({ psu_id: 'anna' });
  await named.submit({ password: wrongPassword });
  await runCycle(api);
  await sendFaultyRequests(opened);
  await until('a failed attempt', async () => (receiver.received.length > 0 ? true : null));

  type Accounts = {
    users: {
      nodes: {
        bankLogins: { accounts: { iban: string; transactions: { nodes: { remittanceInformation: string }[] } }[] }[];
      }[];
    };
  };
  const { users } = await api.run<Accounts>(
    `{ users { nodes { bankLogins { accounts { iban transactions(first: 20) { nodes { remittanceInformation } } } } } } }`,
  );
  const accounts = users.nodes.flatMap(({ bankLogins }) => bankLogins.flatMap((login) => login.accounts));
  const bankFile = await readFile(join(dataDir, 'sandbox-bank.jsonl'), 'utf8');
  const inBankFile = (pattern: RegExp): string[] => [
    ...new Set([...bankFile.matchAll(pattern)].map(([, value]) => value ?? '')),
  ];
  const text = lines.join('');
  expect(text).not.toBe('');
  const kept: Record<string, string[]> = {
    'API keys': [testApiKey, wrongKey],
    'webhook secrets': [createWebhookEndpoint.secret],
    'custom headers': [headerValue],
    'links of sessions': links.map((link) => link.split('/').at(-1) ?? ''),
    passwords: [wrongPassword],
    OTPs: ['123456'],
    'account numbers': [foreignIban, ...accounts.map(({ iban }) => iban)],
    'consent ids': inBankFile(/"consent":\{"id":"([^"]+)"/g),
    'authorisation ids': inBankFile(/"authorisationId":"([^"]+)"/g),
    'secrets of the way back': inBankFile(/state=([^"&]+)/g),
    'texts of transactions': accounts.flatMap(({ transactions }) =>
      transactions.nodes.map(({ remittanceInformation }) => remittanceInformation),
    ),
    'answers of receivers': [receiverAnswer],
  };
  for (const [what, values] of Object.entries(kept)) {
    expect(values.filter(Boolean).length, what).toBeGreaterThan(0);
    expect(
      values.filter((value) => value && text.includes(value)),
      what,
    ).toEqual([]);
  }
});
