import type { IncomingMessage, ServerResponse } from 'node:http';
import compression from 'compression';
import type { Admit, Refusal } from './admission.ts';
import type { AnswerCors } from './cors.ts';
import type { AnswerOperation } from './direct-operation.ts';
import type { AnswerGraphiQL } from './graphiql/graphiql.ts';
import type { Handler } from './request-handler.ts';

const compressedFromBytes = 1024;

export interface GraphQLHandlerDependencies {
  cors: AnswerCors;
  graphiql: AnswerGraphiQL;
  admit: Admit;
  answer: AnswerOperation;
}

/** Everything that comes to /graphql over HTTP, in this order: other origins, the page for a browser, admission, the operation. */
export function createGraphQLHandler({ cors, graphiql, admit, answer }: GraphQLHandlerDependencies): Handler {
  return async (request, response) => {
    if (cors(request, response)) return;
    if (await graphiql(request, response)) return;
    // Bank data: no cache between us and the caller, and no browser that takes JSON for something else.
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-content-type-options', 'nosniff');
    // Of what is asked for, JSON or an event stream is given.
    response.appendHeader('vary', 'Accept');
    if (request.headers['accept-encoding'] !== undefined) compressAnswer(request, response);
    const admitted = await admit(request, response);
    response.setHeader('x-request-id', admitted.requestId);
    if ('code' in admitted) refuse(response, admitted);
    else await answer(request, response, admitted);
  };
}

// Answers of the API. An event stream must not wait in a compressor; the hosted pages hold tokens of forms
// beside what others have written, which compressed lengths would give away.
const compress = compression({
  threshold: compressedFromBytes,
  filter: (_request, response) => /^application\/(graphql-response\+)?json\b/.test(contentTypeOf(response)),
});

function compressAnswer(request: IncomingMessage, response: ServerResponse): void {
  compress(request as never, response as never, () => {});
}

function contentTypeOf(response: ServerResponse): string {
  return String(response.getHeader('content-type') ?? '');
}

function refuse(response: ServerResponse, { requestId, status, headers, code, message }: Refusal): void {
  const body = JSON.stringify({ errors: [{ message, extensions: { code, requestId } }] });
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
