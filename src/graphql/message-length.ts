import { GraphQLError } from 'graphql';
import { eventBounds } from '../events/event-bounds.ts';

/** Of what is sent around a result: the message's type, the subscription's id. */
const envelopeBytes = 1024;

/** Whether a result, as JSON, is longer than a WebSocket frame or a server-sent event may be. */
export function isLongerThanMessage(json: string): boolean {
  const most = eventBounds.messageBytes - envelopeBytes;
  // A character takes three bytes at most: nearly all results are short enough to tell without counting.
  return json.length * 3 > most && Buffer.byteLength(json) > most;
}

export function tooLong(): GraphQLError {
  const mebibytes = eventBounds.messageBytes / 1024 / 1024;
  return new GraphQLError(
    `The result is longer than ${mebibytes} MiB, the most that a message carries: ask for fewer rows or fields. What was asked for is to be had by queries over HTTP.`,
    { extensions: { code: 'RESULT_TOO_LONG' } },
  );
}
