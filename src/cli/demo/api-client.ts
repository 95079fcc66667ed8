import { type Client, createClient } from 'graphql-ws';
import { request } from 'undici';
import { WebSocket } from 'ws';

/** An API client's backend: HTTP for queries and mutations, a WebSocket for subscriptions, nothing else. */
export interface ApiClient {
  run<Result>(document: string, variables?: Record<string, unknown>): Promise<Result>;
  /** Calls `onNext` for every message until the client is closed; to be called once. */
  subscribe<Message>(document: string, onNext: (message: Message) => void): Promise<void>;
  close(): Promise<void>;
}

export function createApiClient(url: string, apiKey: string): ApiClient {
  const endpoint = `${url}/graphql`;
  const authorization = `Bearer ${apiKey}`;
  let socket: Client | null = null;
  return {
    async run<Result>(document: string, variables: Record<string, unknown> = {}) {
      const response = await request(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', authorization },
        body: JSON.stringify({ query: document, variables }),
      });
      const reply = (await response.body.json()) as { data?: Result; errors?: Array<{ message: string }> };
      if (reply.errors || !reply.data) {
        throw new Error(
          `The API refused: ${reply.errors?.map((error) => error.message).join('; ') ?? response.statusCode}`,
        );
      }
      return reply.data;
    },
    async subscribe<Message>(document: string, onNext: (message: Message) => void) {
      await new Promise<void>((resolve, reject) => {
        socket ??= createClient({
          url: endpoint.replace(/^http/, 'ws'),
          connectionParams: { authorization },
          webSocketImpl: WebSocket,
          retryAttempts: 3,
        });
        socket.on('connected', () => resolve());
        socket.subscribe<Message>(
          { query: document },
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

/** The payload of a mutation's result union; throws what the API said when it is one of the typed errors. */
export function unwrap<Payload>(result: { __typename: string; message?: string } & Partial<Payload>): Payload {
  if (result.__typename.endsWith('Error')) throw new Error(`${result.__typename}: ${result.message}`);
  return result as Payload;
}
