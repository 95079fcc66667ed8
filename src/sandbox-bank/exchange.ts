import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ClientCertificate, readClientCertificate } from './client-certificate.ts';

/** A request as the bank sees it. */
export interface BankRequest {
  method: string;
  url: URL;
  header(name: string): string | null;
  body: string;
  /** What the caller has shown to TLS. */
  clientCertificate: ClientCertificate | null;
}

export interface BankReply {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

const bodyLimitBytes = 64 * 1024;

export async function readRequest(message: IncomingMessage): Promise<BankRequest | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += (chunk as Buffer).length;
    if (size > bodyLimitBytes) return null;
    chunks.push(chunk as Buffer);
  }
  const path = `http://bank${message.url ?? '/'}`;
  if (!URL.canParse(path)) return null;
  return {
    method: message.method ?? 'GET',
    url: new URL(path),
    header: (name) => {
      const value = message.headers[name.toLowerCase()];
      return Array.isArray(value) ? (value[0] ?? null) : (value ?? null);
    },
    body: Buffer.concat(chunks).toString('utf8'),
    clientCertificate: readClientCertificate(message),
  };
}

export function sendReply(response: ServerResponse, { status, headers = {}, body = '' }: BankReply): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}

export function toJson(status: number, body: unknown, headers: Record<string, string> = {}): BankReply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

/** A refusal in the form of NextGenPSD2. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, text: string) {
    super(text);
    this.status = status;
    this.code = code;
  }

  toReply(): BankReply {
    return toJson(this.status, { tppMessages: [{ category: 'ERROR', code: this.code, text: this.message }] });
  }
}

/** What the protocol has a status for, but no words: without a body. */
export class BareRefusal extends Error {
  readonly status: number;
  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }

  toReply(): BankReply {
    return { status: this.status };
  }
}

export function wrongMethod(): Refusal {
  return new Refusal(405, 'SERVICE_INVALID', 'This method is not offered here.');
}
