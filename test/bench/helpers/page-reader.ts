import { once } from 'node:events';
import { connect } from 'node:net';
import { serveHelper } from '../helper-process.ts';

export interface PageReaderOptions {
  url: string;
  key: string;
  connections: number;
}

/** Requests to be made, one per body, over connections that are kept. */
export interface PageReaderQuestion {
  bodies: string[];
}

export interface PageReaderAnswer {
  seconds: number;
  /** Of all answers. */
  rows: number;
}

/** Resolves to the rows on a page. */
type ReadPage = (body: string) => Promise<number>;

await serveHelper<PageReaderOptions>(async (options) => {
  const lanes = await Promise.all(Array.from({ length: options.connections }, () => openLane(options)));
  return {
    ready: {},
    answer: async (question): Promise<PageReaderAnswer> => {
      const bodies = [...(question as PageReaderQuestion).bodies];
      let rows = 0;
      const startedAt = performance.now();
      const work = async (readPage: ReadPage) => {
        for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
          const read = await readPage(body);
          rows += read;
        }
      };
      await Promise.all(lanes.map(work));
      return { seconds: (performance.now() - startedAt) / 1000, rows };
    },
  };
});

/**
 * One connection, on the bare socket: it shares the machine's few CPUs with the server, and a client's work must not be what is
 * measured. Counted and not parsed, for the same reason.
 */
async function openLane({ url, key }: PageReaderOptions): Promise<ReadPage> {
  const { hostname, port, host } = new URL(url);
  let chunks: Buffer[] = [];
  let missing = Number.NaN;
  let finish: { resolve(rows: number): void; reject(error: Error): void } | null = null;
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.setNoDelay(true);
  socket.on('error', (error) => finish?.reject(error));
  socket.on('close', () => finish?.reject(new Error('The server has closed a connection.')));
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    // The server writes the head whole, and the body behind it.
    if (chunks.length === 1) missing = lengthOf(chunk);
    missing -= chunk.length;
    if (missing > 0) return;
    const answer = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    chunks = [];
    if (missing === 0 && answer.includes('HTTP/1.1 200 ') && !answer.includes('"errors"'))
      finish?.resolve(countRows(answer));
    else finish?.reject(new Error(answer.toString()));
  });
  const head = `POST /graphql HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\nauthorization: Bearer ${key}\r\n`;
  return (body) => {
    socket.write(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    return new Promise((resolve, reject) => {
      finish = { resolve, reject };
    });
  };
}

/** Of the whole answer; 0 where it cannot be told, which ends the bench. */
function lengthOf(chunk: Buffer): number {
  const head = chunk.toString('latin1', 0, chunk.indexOf('\r\n\r\n'));
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  return length === undefined ? 0 : Buffer.byteLength(head) + 4 + Number(length);
}

function countRows(answer: Buffer): number {
  let rows = 0;
  for (let at = answer.indexOf('"txn_'); at >= 0; at = answer.indexOf('"txn_', at + 1)) rows++;
  return rows;
}
