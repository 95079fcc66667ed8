import type { IncomingMessage } from 'node:http';
import type { ExecutionArgs, ExecutionResult } from 'graphql';
import { type Context as GraphQLSocket, makeServer } from 'graphql-ws';
import type { Logger } from 'pino';
import { isUsableFrom } from '../clients/allowed-networks.ts';
import { toCursor } from '../events/event-cursor.ts';
import type { Progress } from '../graphql/context.ts';
import { liveConnectionsPerKey } from '../graphql/limits.ts';
import type { Services } from '../graphql/services.ts';
import { addressNotAllowed } from './admission.ts';
import { type Authenticate, parseAuthorization, parseConnectionParameters } from './authentication.ts';
import type { ClientTurns } from './client-turns.ts';
import type { DoorContext, GraphQLEndpoint } from './graphql-endpoint.ts';
import type { KeyWatch } from './key-watch.ts';
import type { Metrics } from './metrics.ts';
import type { NamedDocuments } from './named-documents.ts';
import { readAddress } from './pages/page-request.ts';
import { readRequestId } from './request-id.ts';
import type { RequestRate } from './request-rate.ts';
import { type ResultMapper, withinMessage, withoutStatus } from './result-mapping.ts';
import { slowConsumerStallMs, toCutOffReason, watchReader } from './slow-consumers.ts';
import { type PreparedOperation, prepareOperation } from './socket-operation.ts';
import { createSocketServer, type SocketExtra, type SocketServer } from './socket-server.ts';

/** Close codes beside those of the graphql-transport-ws protocol; documented for subscribers. */
export const closeCodes = {
  /** The key is missing, wrong, expired or revoked, or may not be used from here (reason ADDRESS_NOT_ALLOWED). */
  forbidden: 4403,
  /** The key has too many sockets open. */
  tooManySockets: 4429,
  /** Nothing of what was sent is being read; the reason carries the cursor to go on from. */
  slowConsumer: 4290,
} as const;

export interface WebSocketDoorDependencies {
  endpoint: GraphQLEndpoint;
  authenticate: Authenticate;
  /** The latest event's position in a client's log. */
  head: (clientId: string) => Promise<bigint>;
  keyWatch: KeyWatch;
  rate: RequestRate;
  audit: () => Pick<Services['audit'], 'noteRefusedKey' | 'noteLimited'>;
  turns: ClientTurns;
  documents: NamedDocuments;
  metrics: Metrics;
  mapResult: ResultMapper;
  logger: Logger;
  /** How long a socket may be open without connection_init. @default 3000 */
  initTimeoutMs?: number;
  /** @default 30_000 */
  keepAliveMs?: number;
  /** How long a reader may take nothing of what waits for it. @default 10_000 */
  slowConsumerMs?: number;
}

/** Of one socket; put into graphql-ws's `extra` when its key has been accepted. */
interface SocketFacts {
  door: DoorContext;
  /** By the id of what runs: how far it has come. */
  operations: Map<string, Progress>;
}

type Parameters = Record<string, unknown> | undefined;
export type Socket = GraphQLSocket<Parameters, SocketExtra & Partial<SocketFacts>>;

/** GraphQL over WebSocket (graphql-transport-ws): the same schema, limits, errors and rights as over HTTP. */
export function createWebSocketDoor(dependencies: WebSocketDoorDependencies): SocketServer {
  const { endpoint, metrics, logger, slowConsumerMs: stallMs = slowConsumerStallMs } = dependencies;
  const mapResult = withoutStatus(dependencies.mapResult);
  const map = (socket: Socket, result: ExecutionResult) => mapResult(result, socket.extra.door?.requestId ?? '');
  const protocol = makeServer<Parameters, Socket['extra']>({
    connectionInitWaitTimeout: dependencies.initTimeoutMs ?? 3000,
    onConnect: async (socket) => {
      const admitted = await admit(socket, dependencies);
      if (admitted) watch(socket);
      const { door } = socket.extra;
      // Before anything is subscribed to: who is cut off before the first event comes goes on from there, and has missed nothing.
      return admitted && door ? { headCursor: toCursor(await dependencies.head(door.viewer.clientId)) } : admitted;
    },
    onSubscribe: (socket, id, payload) => prepareOperation({ socket, id, payload }, endpoint, dependencies),
    execute: (args) => takePrepared(args).execute(args),
    subscribe: (args) => takePrepared(args).subscribe(args),
    onNext: (socket, _id, _payload, _args, result) => withinMessage(map(socket, result as ExecutionResult)) as never,
    onError: (socket, _id, _payload, errors) => (map(socket, { errors }).errors ?? []) as never,
    onComplete: (socket, id) => void socket.extra.operations?.delete(id),
  });
  function watch({ extra }: Socket): void {
    const { socket, stream, operations } = extra;
    watchReader(stream, {
      unread: () => socket.bufferedAmount,
      onStalled: () => {
        metrics.slowConsumerCutOff();
        socket.close(closeCodes.slowConsumer, toCutOffReason(earliestCursor(operations?.values() ?? [])));
      },
      stallMs,
    });
  }
  return createSocketServer({
    protocol,
    toExtra: (extra) => ({ ...extra }),
    metrics,
    logger,
    keepAliveMs: dependencies.keepAliveMs ?? 30_000,
  });
}

// Once: a subscription keeps its arguments for as long as it lives, and needs none of this after it has begun.
function takePrepared(args: ExecutionArgs): PreparedOperation {
  const prepared = args.rootValue as PreparedOperation;
  args.rootValue = undefined;
  return prepared;
}

async function admit(socket: Socket, { authenticate, keyWatch, audit }: WebSocketDoorDependencies): Promise<boolean> {
  const { request, socket: stream } = socket.extra;
  socket.extra.request = null;
  const key = parseConnectionParameters(socket.connectionParams) ?? parseAuthorization(request?.headers.authorization);
  const viewer = key === null ? null : await authenticate(key);
  if (key === null || viewer === null) return false;
  const ipAddress = request ? readAddress(request) : '';
  if (!isUsableFrom(viewer.allowedNetworks ?? [], ipAddress)) {
    audit().noteRefusedKey({ ...viewer, reason: 'address' });
    stream.close(closeCodes.forbidden, addressNotAllowed.code);
    // As below.
    return true;
  }
  if (keyWatch.count(key) >= liveConnectionsPerKey) {
    stream.close(closeCodes.tooManySockets, `more than ${liveConnectionsPerKey} connections of one key`);
    // The socket is closing, so that the acknowledgement is not sent any more.
    return true;
  }
  const requestId = readRequestId(headerOf(request, 'x-request-id'));
  Object.assign(socket.extra, {
    door: { viewer, key, requestId, ipAddress },
    operations: new Map(),
  } satisfies SocketFacts);
  const stopWatching = keyWatch.watch(key, viewer.expiresAt, () => stream.close(closeCodes.forbidden, 'Forbidden'));
  stream.once('close', stopWatching);
  if (stream.readyState !== stream.OPEN) stopWatching();
  return true;
}

/** Of all subscriptions of a socket: going on from there may repeat, but never skips. */
function earliestCursor(operations: Iterable<Progress>): string | null {
  let earliest: bigint | null = null;
  for (const { position } of operations) {
    if (position !== null && (earliest === null || position < earliest)) earliest = position;
  }
  return earliest === null ? null : toCursor(earliest);
}

function headerOf(request: IncomingMessage | null, name: string): string | null {
  const value = request?.headers[name];
  return typeof value === 'string' ? value : null;
}
