import { createServer, request as sendOn } from 'node:http';
import { text } from 'node:stream/consumers';
import { openReplySpecification } from '../sandbox-bank/reply-specification.ts';
import { listen } from './fake-bank.ts';
import { openSpecification } from './xs2a-specification.ts';

const requests = openSpecification();
const findReplyFaults = openReplySpecification();

/** Whether the Berlin Group's OpenAPI file is at hand; without it nothing is found fault with. */
export const isSpecificationAtHand = requests !== null;

export interface Recording {
  /** Each call as `GET /v1/accounts/{} 200`, in order. */
  calls: string[];
  /** What is not as the file has it, in requests and in replies. */
  faults: string[];
}

interface Sent {
  method: string;
  path: string;
  headers: NodeJS.Dict<string | string[]>;
  rawBody: string;
}

interface Reply {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
}

/** Stands before the bank's variant, as `embedded`: sends everything on, and looks at both sides of it. */
export async function startRecorder(bankUrl: string, variant: string): Promise<{ url: string; recording: Recording }> {
  const recording: Recording = { calls: [], faults: [] };
  // The bank's links lead to the bank itself; the adapter follows none that leaves its own origin.
  const toOwn = (given: string): string =>
    given.replaceAll(bankUrl, url).replaceAll(encodeURIComponent(bankUrl), encodeURIComponent(url));
  const server = createServer(async (message, response) => {
    const { method = 'GET', url: path = '', headers } = message;
    const rawBody = await text(message);
    const onwards = sendOn(new URL(path, bankUrl), { method, headers }, async (reply) => {
      const replyText = toOwn(await text(reply));
      const { 'content-length': _length, location, ...kept } = reply.headers;
      const status = reply.statusCode ?? 0;
      response.writeHead(status, { ...kept, ...(location ? { location: toOwn(location) } : {}) });
      // The bank's pages, and its authorisation server, are no part of the interface.
      if (path.startsWith(`/${variant}/v1/`)) {
        note({ method, path, headers, rawBody }, { status, headers: reply.headers, text: replyText });
      }
      response.end(replyText);
    });
    onwards.end(rawBody);
  });
  const url = await listen(server);
  return { url: `${url}/${variant}`, recording };

  function note(sent: Sent, reply: Reply): void {
    const { method, path, rawBody } = sent;
    const template = path
      .replace(`/${variant}`, '')
      .replace(/\?.*/, '')
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{}');
    recording.calls.push(`${method} ${template} ${reply.status}`);
    const body = rawBody === '' ? undefined : JSON.parse(rawBody);
    recording.faults.push(...(requests?.findFaults({ ...sent, url: path, body }, `/${variant}`) ?? []));
    const replyHeaders = new Headers(Object.entries(reply.headers).map(([name, value]) => [name, String(value)]));
    const seen = { status: reply.status, headers: replyHeaders, body: reply.text === '' ? '' : JSON.parse(reply.text) };
    recording.faults.push(
      ...(findReplyFaults?.({ method, url: `http://bank/redirect${path.slice(variant.length + 1)}`, reply: seen }) ??
        []),
    );
  }
}
