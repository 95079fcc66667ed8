import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import type { PsuContext } from '../../banking/bank-port.ts';

const bodyLimitBytes = 16 * 1024;
const maximumAgentLength = 500;

/** A form is refused with a status, or read. */
export type ReadForm = { form: PageForm } | { refusal: 400 | 403 | 413 | 415 };

/** A field that is empty counts as left out. */
const field = (maximumLength: number) =>
  z
    .string()
    .trim()
    .max(maximumLength)
    .transform((text) => text || null)
    .nullish()
    .transform((text) => text ?? null);

const pageForm = z.object({
  bankId: field(200),
  bankLoginId: field(200),
  psu_id: field(140),
  corporate_id: field(140),
  // Not trimmed: a password may begin with a space.
  password: z.string().max(200).nullish(),
  methodId: field(200),
  otp: field(64),
  iban: field(2_000),
  decision: field(20),
  code: field(20),
  state: field(100),
  handover: field(1_000),
});
export type PageForm = z.infer<typeof pageForm>;

/** Reads a form that one of our own pages has sent. */
export async function readForm(request: IncomingMessage, ownOrigin: string): Promise<ReadForm> {
  if (isForeign(request, ownOrigin)) return { refusal: 403 };
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  const body = await readBody(request);
  if (body === null) return { refusal: 413 };
  if (body !== '' && type !== 'application/x-www-form-urlencoded') return { refusal: 415 };
  const fields = new URLSearchParams(body);
  // None of our forms has a field twice, or one that no text field of the database could hold.
  const isForged = body.includes('%00') || new Set(fields.keys()).size !== fields.size;
  const form = isForged ? null : pageForm.safeParse(Object.fromEntries(fields));
  return form?.success ? { form: form.data } : { refusal: 400 };
}

// A browser says where a form was sent from (for our pages, which tell no referrer, "null"). The link's secret is in the path, so
// who says nothing is not refused.
function isForeign({ headers }: IncomingMessage, ownOrigin: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  return headers.origin !== undefined && headers.origin !== 'null' && headers.origin !== ownOrigin;
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > bodyLimitBytes) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The end user as the request shows it: what banks want to know of one who is present. */
export function readPsu(request: IncomingMessage): PsuContext {
  const { headers } = request;
  const ipAddress = readAddress(request);
  const userAgent = headers['user-agent']?.slice(0, maximumAgentLength);
  return { ipAddress, ...(userAgent === undefined ? {} : { userAgent }) };
}

// Behind a proxy in our own network the end user is the last address of the list that lies outside; what stands before it is hearsay.
// To a server on the open internet nobody but the socket says who calls.
export function readAddress({ socket, headers }: IncomingMessage): string {
  const caller = callers.get(socket) ?? toCaller(socket);
  const list = headers['x-forwarded-for'];
  if (caller.isPublic || list === undefined) return caller.address;
  const forwarded = [list].flat().join(',').split(',');
  return forwarded.flatMap((text) => toAddress(text.trim()) ?? []).findLast(isPublic) ?? caller.address;
}

interface Caller {
  address: string;
  isPublic: boolean;
}

/** The same for all requests of a connection: to parse it anew took a tenth of a small query's time. */
const callers = new WeakMap<Socket, Caller>();

function toCaller(socket: Socket): Caller {
  const address = toAddress(socket.remoteAddress ?? '') ?? '127.0.0.1';
  const caller = { address, isPublic: isPublic(address) };
  callers.set(socket, caller);
  return caller;
}

function toAddress(text: string): string | null {
  return ipaddr.isValid(text) ? ipaddr.process(text).toString() : null;
}

/** Whether nobody but the caller itself is behind this address, as far as can be told: else it may be a proxy's. */
export function isPublic(address: string | undefined): boolean {
  return address !== undefined && ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}
