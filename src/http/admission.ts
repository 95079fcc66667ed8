import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { Viewer } from '../graphql/context.ts';
import { type Authenticate, parseAuthorization } from './authentication.ts';
import type { DoorContext } from './graphql-endpoint.ts';
import { readAddress } from './pages/page-request.ts';
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

export interface AdmissionDependencies {
  authenticate: Authenticate;
  rate: RequestRate;
  logger: Logger;
}

const keyUnknown = Symbol('a key that cannot be looked up now');

const storesAway = {
  status: 503,
  headers: { 'retry-after': '5' },
  code: 'UNAVAILABLE',
  message: 'The API cannot look up keys at the moment. Try again in a few seconds.',
};

export type Admit = (request: IncomingMessage) => Promise<DoorContext | Refusal>;

/**
 * Refuses a request without a valid key before anything of it is read. The key is never in a cookie, so a foreign page cannot
 * make a browser send it along: that, and taking bodies as JSON alone, is the protection against cross-site requests.
 * Then one more request of the key is counted.
 */
export function createAdmission({ authenticate, rate, logger }: AdmissionDependencies): Admit {
  async function find(key: string, requestId: string): Promise<Viewer | null | typeof keyUnknown> {
    try {
      return await authenticate(key);
    } catch (err) {
      logger.error({ err, requestId }, 'a key could not be looked up');
      return keyUnknown;
    }
  }

  return async (request) => {
    const { headers } = request;
    const requestId = readRequestId(headers['x-request-id'] as string | undefined);
    const key = parseAuthorization(headers.authorization);
    const viewer = key === null ? null : await find(key, requestId);
    if (viewer === keyUnknown) return { requestId, ...storesAway };
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
    return { viewer, key, requestId, ipAddress: readAddress(request) };
  };
}

function isJson(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/(graphql\+)?json\s*(;|$)/i.test(contentType);
}
