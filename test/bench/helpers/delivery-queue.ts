import { createBareSender, type Message } from '../bare-sender.ts';
import { deliveryQueues } from '../delivery-queues.ts';
import { serveHelper } from '../helper-process.ts';
import { afterWarmUp, timeSending } from '../sending.ts';

/** Which queue is to deliver what. */
export interface QueueOrder {
  /** Of delivery-queues.ts. */
  name: string;
  address: string;
  /** The receiver's. */
  url: string;
  /** Messages of a round, all like this one. */
  count: number;
  message: Omit<Message, 'id'>;
}

/** Asked for a 'round', stores the messages, delivers them and gives the figures of the delivering. */
await serveHelper<QueueOrder>(async ({ name, address, url, count, message }) => {
  const queue = await deliveryQueues[name]?.(address);
  if (!queue) throw new Error(`No queue ${name}.`);
  const sender = createBareSender(url);
  const timestamp = new Date(message.timestamp);
  const messages = Array.from({ length: count }, (_, index) => ({ id: `evt_${index}`, ...message, timestamp }));
  return {
    ready: {},
    async answer() {
      await queue.enqueue(messages);
      return await timeSending(count, (begin) => queue.drain(count, afterWarmUp(count, { send: sender.send, begin })));
    },
  };
});
