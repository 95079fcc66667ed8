import type { IncomingMessage } from 'node:http';
import { type Authenticate, parseAuthorization } from './authentication.ts';
import type { DoorContext } from './graphql-endpoint.ts';
import { readRequestId } from './request-id.ts';
import { type RequestRate, rateLimited } from './request-rate.ts';

/** Why a request is answered without looking at its operation. */
export interface Refusal {
  requestId: string;
  status: number;
  headers: Readonly<Record<string, string>>;
  code: string;
  message: string;
}

export type Admit = (request: IncomingMessage) => Promise<DoorContext | Refusal>;

/**
 * Refuses a request without a valid key before anything of it is read. The key is never in a cookie, so a foreign page cannot
 * make a browser send it along: that, and taking bodies as JSON alone, is the protection against cross-site requests.
 * Then one more request of the key is counted.
 */
export function createAdmission(authenticate: Authenticate, rate: RequestRate): Admit {
  return async (request) => {
    const { headers } = request;
    const requestId = readRequestId(headers['x-request-id'] as string | undefined);
    const key = parseAuthorization(headers.authorization);
    const viewer = key === null ? null : await authenticate(key);
    if (key === null || viewer === null) {
      return {
        requestId,
        status: 401,
        headers: { 'www-authenticate': 'Bearer' },
        code: 'UNAUTHENTICATED',
        message: 'This needs a valid API key: `Authorization: Bearer …`.',
      };
    }
    if (request.method === 'POST' && !isJson(headers['content-type'])) {
      return {
        requestId,
        status: 415,
        headers: {},
        code: 'UNSUPPORTED_MEDIA_TYPE',
        message: 'Send the request as application/json.',
      };
    }
    const waitSeconds = await rate.take(viewer.keyId);
    if (waitSeconds !== null) {
      return { requestId, status: 429, headers: { 'retry-after': String(waitSeconds) }, ...rateLimited(waitSeconds) };
    }
    return { viewer, key, requestId };
  };
}

function isJson(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/(graphql\+)?json\s*(;|$)/i.test(contentType);
}
