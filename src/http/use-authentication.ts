import type { Plugin } from 'graphql-yoga';
import type { Context } from '../graphql/context.ts';
import { type Authenticate, parseAuthorization } from './authentication.ts';
import type { DoorContext } from './graphql-endpoint.ts';
import { readRequestId } from './request-id.ts';

const unauthenticated = {
  errors: [
    {
      message: 'This needs a valid API key: `Authorization: Bearer …`.',
      extensions: { code: 'UNAUTHENTICATED' },
    },
  ],
};

/**
 * Refuses a request without a valid key before anything of it is read. The key is never in a cookie, so a foreign page cannot
 * make a browser send it along: that, and taking bodies as JSON alone, is the protection against cross-site requests.
 */
export function useAuthentication(authenticate: Authenticate): Plugin<Context> {
  return {
    async onRequest({ request, serverContext, endResponse, fetchAPI }) {
      const requestId = readRequestId(request.headers.get('x-request-id'));
      const key = parseAuthorization(request.headers.get('authorization'));
      const viewer = key === null ? null : await authenticate(key);
      if (key === null || viewer === null) {
        endResponse(
          fetchAPI.Response.json(unauthenticated, {
            status: 401,
            headers: { 'www-authenticate': 'Bearer', 'x-request-id': requestId },
          }),
        );
        return;
      }
      if (request.method === 'POST' && !isJson(request.headers.get('content-type'))) {
        endResponse(
          fetchAPI.Response.json(
            {
              errors: [
                {
                  message: 'Send the request as application/json.',
                  extensions: { code: 'UNSUPPORTED_MEDIA_TYPE', requestId },
                },
              ],
            },
            { status: 415, headers: { 'x-request-id': requestId } },
          ),
        );
        return;
      }
      Object.assign(serverContext, { viewer, key, requestId } satisfies DoorContext);
    },
    onResponse({ response, serverContext }) {
      const { requestId } = serverContext as Partial<DoorContext>;
      if (requestId && response.headers.get('x-request-id') === null) response.headers.set('x-request-id', requestId);
    },
  };
}

function isJson(contentType: string | null): boolean {
  return contentType !== null && /^application\/(graphql\+)?json\s*(;|$)/i.test(contentType);
}
