import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Admit, Refusal } from './admission.ts';
import type { AnswerOperation } from './direct-operation.ts';
import type { GraphQLEndpoint } from './graphql-endpoint.ts';
import type { Handler } from './request-handler.ts';

export interface GraphQLHandlerDependencies {
  endpoint: GraphQLEndpoint;
  admit: Admit;
  answer: AnswerOperation;
}

/** Everything that comes to /graphql over HTTP, in this order: the page for a browser, admission, the operation. */
export function createGraphQLHandler({ endpoint, admit, answer }: GraphQLHandlerDependencies): Handler {
  return async (request, response) => {
    if (asksForPage(request)) {
      await endpoint.requestListener(request, response);
      return;
    }
    const admitted = await admit(request);
    response.setHeader('x-request-id', admitted.requestId);
    if ('code' in admitted) refuse(response, admitted);
    else await answer(request, response, admitted);
  };
}

// As yoga tells it: GraphiQL is for everybody, and asks for the key itself.
function asksForPage({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.accept?.includes('text/html') === true;
}

function refuse(response: ServerResponse, { requestId, status, headers, code, message }: Refusal): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify({ errors: [{ message, extensions: { code, requestId } }] }));
}
