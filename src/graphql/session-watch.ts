import { setTimeout as wait } from 'node:timers/promises';
import { NotFound } from '../domain/errors.ts';
import type { Session } from '../generated/prisma/client.ts';
import type { Context } from './context.ts';
import { streamUntilLeft } from './subscription-stream.ts';

const pauseMs = 500;
const finalStates: readonly Session['status'][] = ['COMPLETED', 'FAILED', 'CANCELLED', 'EXPIRED'];

/**
 * The session's present state at once, then each change of its status, ending after a final one. The row is read twice a
 * second: not every change has an event, and the process that works on the session may be another one.
 */
export function watchSession(id: string, context: Context): AsyncIterable<Session> {
  return streamUntilLeft((abort) => readChanges(id, context, abort));
}

async function* readChanges(id: string, context: Context, abort: AbortSignal): AsyncGenerator<Session> {
  const { services, viewer } = context;
  let seen: Session['status'] | null = null;
  while (!abort.aborted) {
    const session = await services.sessions.find(viewer.clientId, id);
    if (session?.kind !== 'SYNCHRONIZATION') {
      if (seen === null) throw new NotFound('synchronization session', id);
      return;
    }
    if (session.status !== seen) yield session;
    seen = session.status;
    if (finalStates.includes(seen)) return;
    // Ends early, by throwing, when the subscriber leaves.
    await wait(pauseMs, undefined, { signal: abort }).catch(() => {});
  }
}
