/** Lets clients take turns: while several are there, each begins with one of its requests per turn of the event loop. */
export interface ClientTurns {
  /** Resolves when it is the client's turn; undefined: it is now. */
  next(clientId: string): Promise<void> | undefined;
}

/** A client that has asked for nothing for so long is not there. */
const thereMs = 1_000;

/**
 * Whoever sends fifty requests at once is answered one of them, then whoever sent one, and so on: a small request waits for one of
 * every other client's, not for all. A client that is alone is never kept waiting.
 */
export function createClientTurns(now: () => number = () => performance.now()): ClientTurns {
  const waiting = new Map<string, (() => void)[]>();
  const began = new Set<string>();
  const seenAt = new Map<string, number>();
  let isTurning = false;

  function hasCompany(clientId: string): boolean {
    const at = now();
    seenAt.delete(clientId);
    seenAt.set(clientId, at);
    // A map keeps the order of insertion: the first is the one that was seen longest ago.
    for (const [other, seen] of seenAt) {
      if (at - seen < thereMs) break;
      seenAt.delete(other);
    }
    return seenAt.size > 1;
  }

  function turn(): void {
    began.clear();
    for (const [clientId, requests] of waiting) {
      const begin = requests.shift();
      if (requests.length === 0) waiting.delete(clientId);
      began.add(clientId);
      begin?.();
    }
    isTurning = began.size > 0;
    if (isTurning) setImmediate(turn);
  }

  return {
    next(clientId) {
      const isFirst = !began.has(clientId) && !waiting.has(clientId);
      if (!hasCompany(clientId) && !waiting.has(clientId)) return undefined;
      if (!isTurning) setImmediate(turn);
      isTurning = true;
      if (isFirst) {
        began.add(clientId);
        return undefined;
      }
      const requests = waiting.get(clientId) ?? [];
      waiting.set(clientId, requests);
      return new Promise((resolve) => void requests.push(resolve));
    },
  };
}
