import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { startApp } from '../../src/app.ts';
import { type ApiClient, createApiClient } from '../../src/cli/demo/api-client.ts';
import { createFormBrowser } from '../../src/cli/form-browser.ts';
import { parseConfig } from '../../src/config/config.ts';
import { createFormScreen, walkThrough } from '../e2e/end-user.ts';
import { type DocBlock, getDocBlock, readDocBlocks } from '../support/doc-blocks.ts';
import { testApiKey } from '../support/spawn-tidewater.ts';
import { fillDataDirectory } from '../support/test-database.ts';

let blocks: DocBlock[];
beforeAll(async () => {
  blocks = await readDocBlocks('docs/end-user-pages.md');
});

async function startApi(): Promise<ApiClient> {
  const directory = await mkdtemp(join(tmpdir(), 'tidewater-'));
  await fillDataDirectory(directory);
  const environment = { PORT: '0', SANDBOX_BANK_PORT: '0', BOOTSTRAP_API_KEY: testApiKey, LOG_LEVEL: 'silent' };
  const app = await startApp({ config: parseConfig({ ...environment, DATA_DIR: directory }, () => '') });
  const api = createApiClient(app.url, testApiKey);
  onTestFinished(async () => {
    await api.close();
    await app.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return api;
}

it('the operations on the page do what the page says, one after another', async () => {
  const api = await startApi();
  const ran = new Set<string>();
  // biome-ignore lint/suspicious/noExplicitAny: what a test reads of it, it expects.
  const run = (name: string, variables: Record<string, unknown> = {}): Promise<any> => {
    ran.add(name);
    return api.run(getDocBlock(blocks, name).code, variables);
  };
  const { viewer } = await api.run<{ viewer: { id: string } }>('{ viewer { id } }');
  expect((await run('rename.graphql', { id: viewer.id })).renameClient.client.name).toBe('Haushaltsbuch');
  const { updateClient } = await run('origins.graphql');
  expect(updateClient.client.returnOrigins).toEqual(['https://app.example.com']);

  const { session } = (await run('connect.graphql')).createConnectSession;
  const stopBefore = (url: string): boolean => url.startsWith('https://app.example.com/');
  const browser = createFormBrowser({ stopBefore });
  expect((await browser.open(session.redirectUrl)).text).toContain('Haushaltsbuch asks to see');
  const screen = createFormScreen(browser);
  await walkThrough({ screen, psuId: 'anna', bankId: 'bank_sandbox', appUrl: '' }, session.redirectUrl);
  expect(screen.url()).toBe(`https://app.example.com/banks?from=tidewater&session=${session.id}&status=COMPLETED`);

  const userId = session.user.id;
  const { loginsSynchronizationStatus: statuses } = await run('status.graphql', { userId });
  expect(statuses).toMatchObject([{ active: true, status: 'OK', blockedBy: null, nextAction: 'NONE' }]);
  const overview = await createFormBrowser().open(
    (await run('manage.graphql', { userId })).createManagementSession.session.redirectUrl,
  );
  expect(overview.title).toContain('Your banks');
  const renewal = await run('renew.graphql', { bankLoginId: statuses[0].bankLogin.id });
  expect(renewal.createSynchronizationSession.session).toMatchObject({ status: 'COMPLETED', redirectUrl: null });

  expect([...ran].sort()).toEqual(blocks.flatMap(({ name }) => name ?? []).sort());
});
