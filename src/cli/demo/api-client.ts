import { type Client, createClient } from 'graphql-ws';
import { request } from 'undici';
import { WebSocket } from 'ws';
import type { TypedDocumentString } from '../../generated/operations/graphql.ts';

/** An API client's backend: HTTP for queries and mutations, a WebSocket for subscriptions, nothing else. */
export interface ApiClient {
  /** A document of schema/operations, with its own types. Rejects with what the API said where it refused. */
  run<Result, Variables extends object>(
    document: TypedDocumentString<Result, Variables>,
    variables: NoInfer<Variables>,
  ): Promise<Result>;
  run<Result>(document: string, variables?: object): Promise<Result>;
  /** Calls `onNext` for every message until the client is closed; to be called once. */
  subscribe<Message, Variables>(
    document: TypedDocumentString<Message, Variables>,
    onNext: (message: Message) => void,
  ): Promise<void>;
  subscribe<Message>(document: string, onNext: (message: Message) => void): Promise<void>;
  close(): Promise<void>;
}

export function createApiClient(url: string, apiKey: string): ApiClient {
  const endpoint = `${url}/graphql`;
  const authorization = `Bearer ${apiKey}`;
  let socket: Client | null = null;
  return {
    async run<Result>(document: { toString(): string }, variables: object = {}) {
      const response = await request(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', authorization },
        body: JSON.stringify({ query: document.toString(), variables }),
      });
      const reply = (await response.body.json()) as { data?: Result; errors?: Array<{ message: string }> };
      if (reply.errors || !reply.data) {
        throw new Error(
          `The API refused: ${reply.errors?.map((error) => error.message).join('; ') ?? response.statusCode}`,
        );
      }
      return reply.data;
    },
    async subscribe<Message>(document: { toString(): string }, onNext: (message: Message) => void) {
      await new Promise<void>((resolve, reject) => {
        socket ??= createClient({
          url: endpoint.replace(/^http/, 'ws'),
          connectionParams: { authorization },
          webSocketImpl: WebSocket,
          retryAttempts: 3,
        });
        socket.on('connected', () => resolve());
        socket.subscribe<Message>(
          { query: document.toString() },
          {
            next: (message) => message.data && onNext(message.data),
            error: (error) => reject(toError(error)),
            complete: () => {},
          },
        );
      });
    },
    close: async () => await socket?.dispose(),
  };
}

function toError(error: unknown): Error {
  if (error instanceof Error) return error;
  if (Array.isArray(error)) return new Error(error.map((one: { message: string }) => one.message).join('; '));
  return new Error('The subscription was closed.');
}

type Refusal = { __typename: `${string}Error` };

/** The payload of a mutation's result union; throws what the API said when it is one of the typed errors. */
export function unwrap<Result extends { __typename: string }>(result: Result): Exclude<Result, Refusal>;
export function unwrap<Payload>(result: { __typename: string } & Partial<Payload>): Payload;
export function unwrap(result: { __typename: string; message?: string }): unknown {
  if (result.__typename.endsWith('Error')) throw new Error(`${result.__typename}: ${result.message}`);
  return result;
}
