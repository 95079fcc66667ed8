import { Pool } from 'undici';
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

await serveHelper<PageReaderOptions>(async ({ url, key, connections }) => {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const readPage = async (body: string): Promise<number> => {
    const answer = await pool.request({ method: 'POST', path: '/graphql', headers, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 200 || text.includes('"errors"')) throw new Error(`${answer.statusCode} ${text}`);
    // Counted and not parsed: the reader must not be what is measured.
    return text.split('"txn_').length - 1;
  };
  return {
    ready: {},
    answer: async (question): Promise<PageReaderAnswer> => {
      const bodies = [...(question as PageReaderQuestion).bodies];
      let rows = 0;
      const startedAt = performance.now();
      const work = async () => {
        for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
          const read = await readPage(body);
          rows += read;
        }
      };
      await Promise.all(Array.from({ length: connections }, work));
      return { seconds: (performance.now() - startedAt) / 1000, rows };
    },
  };
});
