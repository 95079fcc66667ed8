import type { ExecutionArgs, ExecutionResult } from 'graphql';
import { GraphQLError } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import type { Context } from '../graphql/context.ts';
import { subscriptionsPerSocket } from '../graphql/limits.ts';
import { refuseOperation } from '../graphql/operation-price.ts';
import type { GraphQLEndpoint } from './graphql-endpoint.ts';
import { createSocketSink } from './socket-sink.ts';
import type { Socket, WebSocketDoorDependencies } from './websocket.ts';

type Result = Promise<ExecutionResult | AsyncIterable<ExecutionResult>>;

/** Travels as the root value of the operation: how to run it with everything that the endpoint has plugged in. */
export interface PreparedOperation {
  execute(args: ExecutionArgs): Result;
  subscribe(args: ExecutionArgs): Result;
}

interface RequestedOperation {
  socket: Socket;
  id: string;
  payload: SubscribePayload;
}

/** Parses and checks an operation that came over a socket. Errors: it is refused, and nothing runs. */
export async function prepareOperation(
  { socket, id, payload }: RequestedOperation,
  endpoint: GraphQLEndpoint,
  { rate, turns, audit, documents }: Pick<WebSocketDoorDependencies, 'rate' | 'turns' | 'audit' | 'documents'>,
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  const { door, operations } = socket.extra;
  if (!door || !operations) throw new Error('an operation on a socket without a key');
  // Before anything is waited for: this one is among them already, and so are all that came before it.
  if (Object.keys(socket.subscriptions).length > subscriptionsPerSocket) {
    const message = `A socket carries ${subscriptionsPerSocket} operations at once at most.`;
    return [new GraphQLError(message, { extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } })];
  }
  await turns.next(door.viewer.clientId);
  const refused = await rate.take(door.viewer.clientId);
  if (refused) {
    audit().noteLimited(door.viewer);
    const { message, ...extensions } = refused;
    return [new GraphQLError(message, { extensions })];
  }
  const { schema, parse, validate, execute, subscribe, contextFactory } = endpoint.getEnveloped({
    ...door,
    params: payload,
  } as never);
  try {
    const document = parse(documents.textOf(payload));
    const errors = validate(schema, document);
    if (errors.length > 0) return errors;
    const { operationName, variables } = payload;
    const refusal = refuseOperation({ schema, document, operationName, variables });
    if (refusal) return [refusal];
    const contextValue = (await contextFactory()) as Context;
    contextValue.sink = createSocketSink(socket.extra.socket, socket.extra.stream, id);
    operations.set(id, contextValue.progress);
    const prepared: PreparedOperation = { execute, subscribe };
    return {
      schema,
      document,
      contextValue,
      rootValue: prepared,
      ...(operationName != null && { operationName }),
      ...(variables != null && { variableValues: variables }),
    };
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
}
