import type { Database } from '../storage/database.ts';
import { listen } from '../storage/notifications.ts';

/** Tells that a session has changed, in whichever process. Carries no data: read the session. */
export interface SessionSignal {
  /** Returns how to unsubscribe. Now and then it calls for nothing. */
  subscribe(sessionId: string, onChanged: () => void): () => void;
  close(): Promise<void>;
}

/** Of the trigger on `sessions`, which announces an id whenever a status changes or a session is gone. */
const channel = 'tidewater_sessions';

export async function openSessionSignal(
  database: Pick<Database, 'pool' | 'connectionString'>,
  onError: (error: Error) => void = () => {},
): Promise<SessionSignal> {
  const listeners = new Map<string, Set<() => void>>();
  const tell = (of: Iterable<() => void>): void => {
    for (const onChanged of [...of]) onChanged();
  };
  const listening = await listen(database, {
    channel,
    onPayload: (sessionId) => tell(listeners.get(sessionId) ?? []),
    onLapse: () => tell([...listeners.values()].flatMap((each) => [...each])),
    onError,
  });
  return {
    subscribe(sessionId, onChanged) {
      const own = () => onChanged();
      const ofSession = listeners.get(sessionId) ?? new Set();
      listeners.set(sessionId, ofSession.add(own));
      return () => {
        ofSession.delete(own);
        if (ofSession.size === 0 && listeners.get(sessionId) === ofSession) listeners.delete(sessionId);
      };
    },
    close: listening.close,
  };
}
