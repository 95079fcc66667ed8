import { createHash } from 'node:crypto';
import { Agent, request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openTestApi } from '../support/api-fixture.ts';

const openWithPage = (graphiql = true) => openTestApi({ server: { graphiql } });
const asBrowser = { accept: 'text/html,application/xhtml+xml' };

async function get(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The bytes as they came; fetch would unpack them. */
async function getRaw(url: string, headers: Record<string, string>) {
  return await new Promise<{ headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    request(url, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
    })
      .once('error', reject)
      .end();
  });
}

const assetsOf = (page: string): string[] => [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);

describe('GraphiQL', () => {
  test('is a small page with its assets beside it, all of this origin', async () => {
    const { url } = await openWithPage();
    const page = await get(`${url}/graphql`, asBrowser);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.text.length).toBeLessThan(10_000);
    expect(page.text).toContain('YOUR_API_KEY');
    const assets = assetsOf(page.text);
    expect(assets).toHaveLength(3);
    for (const path of assets) {
      expect(path).toMatch(/^\/graphql\/graphiql\//);
      expect((await get(`${url}${path}`)).status).toBe(200);
    }
    for (const worker of page.text.match(/\/graphql\/graphiql\/[\w-]+\.worker\.js/g) ?? []) {
      expect((await get(`${url}${worker}`)).headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    }
    expect((await get(`${url}/graphql/graphiql/nothing.js`)).status).toBe(404);
  });

  test('runs only the script of its hash and those of its own origin, and stands in no frame', async () => {
    const { url } = await openWithPage();
    const page = await get(`${url}/graphql`, asBrowser);
    const policy = page.headers.get('content-security-policy') ?? '';
    const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(page.text) ?? [];
    const hash = createHash('sha256').update(script).digest('base64');
    expect(policy).toContain(`script-src 'self' 'sha256-${hash}';`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe-eval|\*|https?:/);
    expect(page.headers.get('x-frame-options')).toBe('DENY');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    for (const path of ['/graphql', ...assetsOf(page.text)]) {
      expect((await get(`${url}${path}`, asBrowser)).headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  test('gives what stands under Headers to its socket too, which asks for the key first', async () => {
    const { url } = await openWithPage();
    const script = await get(`${url}/graphql/graphiql/graphiql.js`);
    expect(script.text).toMatch(/connectionParams:\w+\?\.headers/);
  });

  test('keeps the key in the tab alone, and says so', async () => {
    const { url } = await openWithPage();
    const { text } = await get(`${url}/graphql`, asBrowser);
    expect(text).toContain('storage: sessionStorage');
    expect(text).toMatch(/stays in this tab/);
  });

  test('is sent packed once for all, not again to whoever has it, and whole to whoever unpacks nothing', async () => {
    const { url } = await openWithPage();
    const path = `${url}/graphql/graphiql/graphiql.js`;
    const packed = await getRaw(path, { 'accept-encoding': 'gzip, br' });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.headers.vary).toBe('Accept-Encoding');
    expect(packed.body.length).toBeLessThan(2_000_000);
    const plain = await getRaw(path, { 'accept-encoding': 'identity' });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.body.equals(gunzipSync(packed.body))).toBe(true);
    const etag = String(packed.headers.etag);
    for (const address of [path, `${url}/graphql`]) {
      const first = await get(address, asBrowser);
      const again = await get(address, { ...asBrowser, 'if-none-match': first.headers.get('etag') ?? '' });
      expect([again.status, again.text]).toEqual([304, '']);
    }
    expect((await get(path, { 'if-none-match': `"other", W/${etag}` })).status).toBe(304);
  });

  test('asked for a hundred times and never read takes no hundred pages of memory', { timeout: 60_000 }, async () => {
    const { url } = await openWithPage();
    await get(`${url}/graphql/graphiql/graphiql.js`);
    const before = process.memoryUsage().rss;
    const agent = new Agent({ maxSockets: 200 });
    onTestFinished(() => agent.destroy());
    const unread = Array.from({ length: 100 }, async (_, i) => {
      const path = ['/graphql', '/graphql/graphiql/graphiql.js'][i % 2];
      const headers = { ...asBrowser, 'accept-encoding': i % 4 < 2 ? 'gzip' : 'identity' };
      await new Promise<void>((resolve) => {
        request(`${url}${path}`, { agent, headers }, (response) => resolve(void response.pause()))
          .on('error', () => {})
          .end();
      });
    });
    await Promise.all(unread);
    const grownMb = (process.memoryUsage().rss - before) / 1e6;
    process.stdout.write(`GraphiQL, 100 unread requests: ${grownMb.toFixed(0)} MB more, client and server together\n`);
    // 50 copies of what is packed alone would be 75, of what is not 260.
    expect(grownMb).toBeLessThan(150);
  });

  test('turned off, the address asks for a key like any other request, and there are no assets', async () => {
    const { url } = await openWithPage(false);
    expect((await get(`${url}/graphql`, asBrowser)).status).toBe(401);
    expect((await get(`${url}/graphql/graphiql/graphiql.js`)).status).toBe(404);
  });
});
