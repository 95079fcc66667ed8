import { expect, it, onTestFinished } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { spawnTidewater, testApiKey } from '../support/spawn-tidewater.ts';
import { temporaryDataDirectory } from '../support/test-database.ts';

/** GraphiQL in Chromium; null where there is none. SCREENSHOTS names a directory to keep what it shows. */
async function openGraphiQL(url: string) {
  const browser = await launchChromium();
  if (!browser) return null;
  onTestFinished(async () => await browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  // The editors are large programs, and the machine may be busy with other tests.
  page.setDefaultTimeout(60_000);
  const hosts = new Set<string>();
  const note = (address: string): void => {
    if (/^(http|ws)s?:/.test(address)) hosts.add(new URL(address).host);
  };
  page.on('request', (request) => note(request.url()));
  page.on('websocket', (socket) => note(socket.url()));
  const refusedByPolicy: string[] = [];
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) refusedByPolicy.push(message.text());
  });
  await page.goto(`${url}/graphql`);
  return {
    page,
    hosts,
    refusedByPolicy,
    result: page.locator('.result-window'),
    /** Until the page has sent a frame with this text: to be called before what makes it do so. */
    waitForFrame: async (text: string): Promise<void> =>
      await new Promise((resolve) => {
        page.on('websocket', (socket) =>
          socket.on('framesent', ({ payload }) => {
            if (payload.includes(text)) resolve();
          }),
        );
      }),
    look: async (name: string): Promise<void> => {
      if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` });
    },
  };
}

it('GraphiQL runs its first example and a live subscription with the key in Headers, and asks no other host', {
  timeout: 180_000,
}, async ({ skip }) => {
  const tidewater = await spawnTidewater({ DATA_DIR: await temporaryDataDirectory() });
  const graphiql = await openGraphiQL(tidewater.url);
  if (!graphiql) return skip('no Chromium');
  const { page, hosts, refusedByPolicy, result, look } = graphiql;
  const queryEditor = '.graphiql-query-editor';
  const ask = async (query: string) => {
    const headers = { authorization: `Bearer ${testApiKey}`, 'content-type': 'application/json' };
    const response = await fetch(`${tidewater.url}/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query }),
    });
    return (await response.json()).data;
  };

  await page.locator(queryEditor).getByText('Viewer', { exact: false }).first().waitFor();
  await look('graphiql-1-opened');
  await page.locator('.graphiql-editor-tool').getByText('YOUR_API_KEY').click();
  for (const key of ['End', 'ArrowLeft', 'Control+Shift+ArrowLeft']) await page.keyboard.press(key);
  await page.keyboard.type(testApiKey);
  await page.locator('.graphiql-editor-tool').getByText(testApiKey).waitFor();
  await page.locator(queryEditor).getByText('returnOrigins').click();
  const { viewer } = await ask('{ viewer { id } }');
  await page.keyboard.press('Control+Enter');
  await result.getByText(viewer.id).waitFor();
  await look('graphiql-2-query');

  // In this tab the key is where it was, with a shared link too; nothing of it is kept for others of this origin.
  await page.waitForFunction((key) => Object.values(sessionStorage).some((kept) => kept.includes(key)), testApiKey);
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
  await page.goto(`${tidewater.url}/graphql?query=${encodeURIComponent('subscription { events { id type } }')}`);
  await page.locator('.graphiql-editor-tool').getByText(testApiKey).waitFor();
  await page.locator(queryEditor).getByText('subscription').waitFor();
  const subscribed = graphiql.waitForFrame('"type":"subscribe"');
  await page.locator('.graphiql-execute-button').click();
  await subscribed;
  const { createWebhookEndpoint } = await ask(`mutation { createWebhookEndpoint(input: { url: "http://127.0.0.1:9/" }) {
    ... on CreateWebhookEndpointPayload { endpoint { id } } } }`);
  const { sendTestEvent } = await ask(`mutation { sendTestEvent(endpointId: "${createWebhookEndpoint.endpoint.id}") {
    ... on SendTestEventPayload { delivery { event { id } } } } }`);
  await result.getByText(sendTestEvent.delivery.event.id).waitFor();
  await look('graphiql-3-subscription');
  expect(refusedByPolicy).toEqual([]);
  expect([...hosts]).toEqual([new URL(tidewater.url).host]);
});
