import type { WebSocket } from 'ws';
import type { PayloadSink } from '../graphql/context.ts';

/** Unsent bytes of a socket beyond which its subscriptions wait; what they wait for is in the log. */
const fullAt = 256 * 1024;

/** Sends results to one subscription of a socket, each in a `next` message of the graphql-transport-ws protocol. */
export function createSocketSink(socket: WebSocket, id: string): PayloadSink {
  const opening = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  const sink: PayloadSink = {
    onReady: () => {},
    send(payload) {
      const message = `${opening}${payload}}`;
      const isFull = socket.bufferedAmount + message.length > fullAt;
      if (isFull) socket.send(message, () => sink.onReady());
      else socket.send(message);
      return !isFull;
    },
  };
  return sink;
}
