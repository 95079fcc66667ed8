import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { isUsableFrom } from '../clients/allowed-networks.ts';
import type { Services } from '../graphql/services.ts';
import { type Authenticate, type KeyHolder, parseAuthorization } from './authentication.ts';
import type { ClientTurns } from './client-turns.ts';
import type { DoorContext } from './graphql-endpoint.ts';
import type { OpenRequests } from './open-requests.ts';
import { readAddress } from './pages/page-request.ts';
import { readRequestId } from './request-id.ts';
import type { RequestRate } from './request-rate.ts';
import type { Strangers } from './strangers.ts';

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
  strangers: Strangers;
  openRequests: OpenRequests;
  turns: ClientTurns;
  audit: () => Pick<Services['audit'], 'noteRefusedKey' | 'noteLimited'>;
  logger: Logger;
}

const keyUnknown = Symbol('a key that cannot be looked up now');

const storesAway = {
  status: 503,
  headers: { 'retry-after': '5' },
  code: 'UNAVAILABLE',
  message: 'The API cannot look up keys at the moment. Try again in a few seconds.',
};

/** As HTTP and sockets tell it. */
export const addressNotAllowed = {
  code: 'ADDRESS_NOT_ALLOWED',
  message: 'This key may not be used from this address: its allowed networks do not have it.',
};

export type Admit = (request: IncomingMessage, response: ServerResponse) => Promise<DoorContext | Refusal>;

/**
 * Refuses a request without a valid key before anything of it is read. The key is never in a cookie, so a foreign page cannot
 * make a browser send it along: that, and taking bodies as JSON alone, is the protection against cross-site requests.
 * Then one more request of the client is counted.
 */
export function createAdmission(dependencies: AdmissionDependencies): Admit {
  const { authenticate, rate, strangers, openRequests, turns, audit, logger } = dependencies;
  async function find(key: string, requestId: string): Promise<KeyHolder | null | typeof keyUnknown> {
    try {
      return await authenticate(key);
    } catch (err) {
      logger.error({ err, requestId }, 'a key could not be looked up');
      return keyUnknown;
    }
  }

  return async (request, response) => {
    const { headers } = request;
    const requestId = readRequestId(headers['x-request-id'] as string | undefined);
    const key = parseAuthorization(headers.authorization);
    const viewer = key === null ? null : await find(key, requestId);
    if (viewer === keyUnknown) return { requestId, ...storesAway };
    if (key === null || viewer === null) {
      const seconds = await strangers.take(request);
      if (seconds !== null)
        return { requestId, ...tooMany('This address has asked too often without a valid key', seconds) };
      return {
        requestId,
        status: 401,
        headers: { 'www-authenticate': 'Bearer' },
        code: 'UNAUTHENTICATED',
        message: 'This needs a valid API key: `Authorization: Bearer …`.',
      };
    }
    const ipAddress = readAddress(request);
    if (!isUsableFrom(viewer.allowedNetworks ?? [], ipAddress)) {
      audit().noteRefusedKey({ ...viewer, reason: 'address' });
      const seconds = await strangers.take(request);
      if (seconds !== null) return { requestId, ...tooMany('This address has asked too often', seconds) };
      return { requestId, status: 403, headers: {}, ...addressNotAllowed };
    }
    const unfit = refuseForm(request);
    if (unfit) return { requestId, ...unfit };
    if (!openRequests.enter(viewer.clientId, response)) {
      audit().noteLimited(viewer);
      return { requestId, ...tooMany('This client has too many requests open', 1) };
    }
    await turns.next(viewer.clientId);
    const refused = await rate.take(viewer.clientId);
    if (refused) {
      audit().noteLimited(viewer);
      const { code, message, retryAfterSeconds } = refused;
      return { requestId, ...refuseUntil(retryAfterSeconds), code, message };
    }
    return { viewer, key, requestId, ipAddress };
  };
}

/** Of what the request is sent as, and of what it wants to be answered with. */
function refuseForm({ method, headers }: IncomingMessage): Omit<Refusal, 'requestId'> | null {
  if (method === 'POST' && !isJson(headers['content-type'])) {
    return { ...unsupported, headers: {}, message: 'Send the request as application/json.' };
  }
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding !== '' && encoding !== 'identity') {
    const message = 'Send the request without a content encoding.';
    return { ...unsupported, headers: { 'accept-encoding': 'identity' }, message };
  }
  if (!isAcceptable(headers.accept)) {
    const message = `This answers with one of ${answerTypes.join(', ')}: accept one of them.`;
    return { status: 406, headers: {}, code: 'NOT_ACCEPTABLE', message };
  }
  return null;
}

const unsupported = { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' };

const answerTypes = ['application/graphql-response+json', 'application/json', 'text/event-stream'];

function isAcceptable(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  return accept.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) return false;
    return type === '*/*' || answerTypes.some((answer) => type === answer || type === `${answer.split('/')[0]}/*`);
  });
}

function tooMany(what: string, seconds: number) {
  return { ...refuseUntil(seconds), code: 'RATE_LIMITED', message: `${what}. Try again in ${seconds} s.` };
}

function refuseUntil(seconds: number) {
  return { status: 429, headers: { 'retry-after': String(seconds) } };
}

function isJson(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/(graphql\+)?json\s*(;|$)/i.test(contentType);
}
