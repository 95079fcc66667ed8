import { Refusal } from '../exchange.ts';
import { type CamtVersion, type StatementContent, writeCamt } from './camt-writer.ts';
import { writeMt940 } from './mt940-writer.ts';
import { type Row, toReportName } from './rows.ts';
import type { Json, ReplyPart, Trait, TraitCall, TraitReply } from './trait.ts';

/** What the reply says, written in another format. */
function writtenAs(type: string, write: (content: StatementContent) => string): ReplyPart {
  return (reply, call) => {
    const content = toContent(reply, call);
    return content ? { status: reply.status, headers: { 'content-type': type }, text: write(content) } : reply;
  };
}

function toContent({ json, text }: TraitReply, { about, account, now }: TraitCall): StatementContent | null {
  const name = json && text === undefined && toReportName(json);
  if (about !== 'transactions' || !account || !name) return null;
  const report = json[name] as { booked?: Row[] | null; pending?: Row[] | null };
  return { account, booked: report.booked ?? [], pending: report.pending ?? [], now };
}

const camt = (version: CamtVersion) => (content: StatementContent) => writeCamt(content, version);
const xml = ['application/xml', 'text/xml'];
const boundary = 'statement-4711';

export const formatTraits = {
  'json-as-text': {
    about: 'JSON is labelled `text/plain`',
    reply: (reply) => (reply.json ? { ...reply, headers: { ...reply.headers, 'content-type': 'text/plain' } } : reply),
  },
  'web-page': {
    about: 'Transactions of the second account are a web page, with 200',
    reply: (reply, call) =>
      call.about === 'transactions' && call.account?.index === 1
        ? { status: 200, headers: { 'content-type': 'text/html' }, text: '<!doctype html><title>Welcome</title>' }
        : reply,
  },
  camt: {
    about: 'Transactions are camt.052 (version 02), where `Accept` has XML',
    formats: xml,
    reply: writtenAs('application/xml', camt('02')),
  },
  'camt-only': {
    about: 'Transactions are camt.052 (version 08); an `Accept` that has JSON in it is answered with 406',
    formats: xml,
    admit: ({ about, accept }) => {
      if (about === 'transactions' && /json/i.test(accept))
        throw new Refusal(406, 'REQUESTED_FORMATS_INVALID', 'Statements are XML.');
    },
    reply: writtenAs('application/xml;charset=UTF-8', camt('08')),
  },
  mt940: {
    about: 'Transactions are MT940 as `text/plain`, of booked entries alone',
    formats: ['text/plain'],
    reply: writtenAs('text/plain;charset=UTF-8', writeMt940),
  },
  multipart: {
    about: 'Transactions are `multipart/mixed`, camt.052 of booked and of pending entries in two parts',
    formats: [...xml, 'multipart/mixed'],
    reply: writtenAs(`multipart/mixed; boundary=${boundary}`, (content) =>
      [
        { ...content, pending: [] },
        { ...content, booked: [] },
      ]
        .map((part) => `--${boundary}\r\nContent-Type: application/xml\r\n\r\n${writeCamt(part, '02')}\r\n`)
        .join('')
        .concat(`--${boundary}--\r\n`),
    ),
  },
  'download-link': {
    about: 'A reply of transactions has a link `download` alone, which leads to camt.052',
    reply: (reply, call) => {
      if (!toContent(reply, call) || !call.reading) return reply;
      if (call.url.searchParams.has('download')) return writtenAs('application/xml', camt('02'))(reply, call);
      const { account } = reply.json as Json;
      const href = `${call.reading.pageUrl(call.reading.page)}&download=report`;
      return { ...reply, json: { account, _links: { download: { href } } } };
    },
  },
} satisfies Record<string, Trait>;
