import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type Asset, loadAssets, toAsset } from './graphiql-assets.ts';
import { assetsPath, graphiqlPage, pagePolicy } from './graphiql-page.ts';

/** Answers what is asked of the page and its files, and says true; or leaves the request alone and says false. */
export type AnswerGraphiQL = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

const noGraphiQL: AnswerGraphiQL = async () => false;

/** GraphiQL for everybody who has its address: it asks for the key itself. Whatever is sent was packed once, and is shared by all. */
export function createGraphiQL(isOn: boolean): AnswerGraphiQL {
  if (!isOn) return noGraphiQL;
  let page: Promise<Asset> | null = null;
  let assets: Promise<ReadonlyMap<string, Asset>> | null = null;
  return async (request, response) => {
    if (request.method !== 'GET') return false;
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (path === '/graphql') {
      if (!request.headers.accept?.includes('text/html')) return false;
      page ??= toAsset('text/html; charset=utf-8', graphiqlPage);
      await send(request, response, await page);
      return true;
    }
    if (!path.startsWith(assetsPath)) return false;
    assets ??= loadAssets();
    const asset = (await assets).get(path.slice(assetsPath.length));
    if (asset) await send(request, response, asset);
    return asset !== undefined;
  };
}

async function send(request: IncomingMessage, response: ServerResponse, asset: Asset): Promise<void> {
  const headers = {
    etag: asset.etag,
    'cache-control': 'no-cache',
    vary: 'Accept-Encoding',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'content-security-policy': asset.contentType.startsWith('text/html') ? pagePolicy : "default-src 'none'",
  };
  if (isKnown(request.headers['if-none-match'], asset.etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  if (/\bgzip\b(?!;\s*q=0(\.0+)?\b)/.test(String(request.headers['accept-encoding'] ?? ''))) {
    const length = asset.packed.length;
    const packed = { 'content-type': asset.contentType, 'content-encoding': 'gzip', 'content-length': length };
    response.writeHead(200, { ...headers, ...packed }).end(asset.packed);
    return;
  }
  response.writeHead(200, { ...headers, 'content-type': asset.contentType });
  // Unpacked bit by bit as it is read: whole, it would be held once for each reader.
  await pipeline(Readable.from([asset.packed]), createGunzip(), response).catch(() => response.destroy());
}

function isKnown(given: string | undefined, etag: string): boolean {
  return (given ?? '').split(',').some((each) => each.trim().replace(/^W\//, '') === etag);
}
