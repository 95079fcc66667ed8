import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A file of the page, packed when it was first needed. */
export interface Asset {
  contentType: string;
  packed: Buffer;
  etag: string;
}

const script = 'text/javascript; charset=utf-8';

/**
 * GraphiQL's own files by name, out of the package that ships them as texts. Read when they are first asked for: they are
 * nine megabytes, of which two are kept.
 */
export async function loadAssets(): Promise<ReadonlyMap<string, Asset>> {
  const shipped = await import('@graphql-yoga/render-graphiql/graphiql');
  const files: [name: string, contentType: string, content: string | Buffer][] = [
    ['graphiql.js', script, giveHeadersToSocket(shipped.js)],
    ['graphiql.css', 'text/css; charset=utf-8', shipped.css],
    ['editor.worker.js', script, shipped.editorWorkerService],
    ['json.worker.js', script, shipped.jsonWorker],
    ['graphql.worker.js', script, shipped.graphqlWorker],
    ['favicon.ico', 'image/x-icon', Buffer.from(shipped.favicon.split(',', 2)[1] ?? '', 'base64')],
  ];
  const assets = files.map(
    async ([name, contentType, content]) => [name, await toAsset(contentType, content)] as const,
  );
  return new Map(await Promise.all(assets));
}

export async function toAsset(contentType: string, content: string | Buffer): Promise<Asset> {
  const packed = await promisify(gzip)(content);
  const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 27)}"`;
  return { contentType, packed, etag };
}

// GraphiQL sends its headers with requests alone: here it gives them to the socket too, which asks for the key first.
function giveHeadersToSocket(text: string): string {
  const given = text.replace(
    /extensions:\{headers:(\w+)\?\.headers\}/,
    'extensions:{headers:$1?.headers,connectionParams:$1?.headers}',
  );
  if (given === text) throw new Error('this version of GraphiQL passes its headers on in another way');
  return given;
}
