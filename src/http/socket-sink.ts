import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { PayloadSink } from '../graphql/context.ts';

/** Unsent bytes of a socket beyond which its subscriptions wait; what they wait for is in the log. */
const fullAt = 256 * 1024;

/**
 * Sends results to one subscription of a socket, each in a `next` message of the graphql-transport-ws protocol; those that come
 * together in one write, since it is the writing that costs. `stream` is what the socket writes to.
 */
export function createSocketSink(socket: WebSocket, stream: Socket, id: string): PayloadSink {
  const opening = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  let isCorked = false;
  const sink: PayloadSink = {
    onReady: () => {},
    send(payload, isMore) {
      const message = `${opening}${payload}}`;
      const isFull = socket.bufferedAmount + message.length > fullAt;
      if (isMore && !isFull && !isCorked) {
        stream.cork();
        isCorked = true;
      }
      if (isFull) socket.send(message, () => sink.onReady());
      else socket.send(message);
      if (isCorked && (isFull || !isMore)) {
        isCorked = false;
        stream.uncork();
      }
      return !isFull;
    },
  };
  return sink;
}
