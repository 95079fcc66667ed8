import { randomUUID } from 'node:crypto';

/** The caller's own id for the request if it is a plain one, else a new one: the logs and the answer carry it. */
export function readRequestId(header: string | null | undefined): string {
  return header && /^[\w.-]{1,64}$/.test(header) ? header : `req_${randomUUID().replaceAll('-', '').slice(8)}`;
}
