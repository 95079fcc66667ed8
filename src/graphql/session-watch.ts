import { NotFound } from '../domain/errors.ts';
import type { Session } from '../generated/prisma/client.ts';
import type { Context } from './context.ts';
import { streamUntilLeft } from './subscription-stream.ts';

/** A signal may be lost: nobody waits longer than this for the next look. */
const lookMs = 10_000;
const finalStates: readonly Session['status'][] = ['COMPLETED', 'FAILED', 'CANCELLED', 'EXPIRED'];

/** The session's present state at once, then each change of its status, ending after a final one. */
export function watchSession(id: string, context: Context): AsyncIterable<Session> {
  return streamUntilLeft((abort) => readChanges(id, context, abort));
}

async function* readChanges(id: string, context: Context, abort: AbortSignal): AsyncGenerator<Session> {
  const { services, viewer } = context;
  const changes = watchFor(abort, (onChanged) => services.sessionSignal.subscribe(id, onChanged));
  let seen: Session['status'] | null = null;
  try {
    while (!abort.aborted) {
      const session = await services.sessions.find(viewer.clientId, id);
      if (session?.kind !== 'SYNCHRONIZATION') {
        if (seen === null) throw new NotFound('synchronization session', id);
        return;
      }
      if (session.status !== seen) yield session;
      seen = session.status;
      if (finalStates.includes(seen)) return;
      await changes.next();
    }
  } finally {
    changes.stop();
  }
}

// Heard before the first look, so that no change falls in between.
function watchFor(abort: AbortSignal, subscribe: (onChanged: () => void) => () => void) {
  let hasChanged = false;
  let wake: () => void = () => {};
  const onChanged = (): void => {
    hasChanged = true;
    wake();
  };
  const unsubscribe = subscribe(onChanged);
  abort.addEventListener('abort', onChanged, { once: true });
  const timer = setInterval(onChanged, lookMs);
  timer.unref();
  return {
    /** Resolves when there has been a change since the last time, or there may have been. */
    async next(): Promise<void> {
      if (!hasChanged) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      hasChanged = false;
    },
    stop(): void {
      clearInterval(timer);
      unsubscribe();
      abort.removeEventListener('abort', onChanged);
    },
  };
}
