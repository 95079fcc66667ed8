export interface Deadline {
  signal: AbortSignal;
  readonly isOver: boolean;
  clear(): void;
}

/**
 * Aborts when the time is over or the outer signal does. Neither AbortSignal.timeout nor AbortSignal.any: their timers and
 * listeners outlive the work, and a cycle has tens of thousands of logins.
 */
export function startDeadline(ms: number, outer: AbortSignal): Deadline {
  const controller = new AbortController();
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    controller.abort(new DOMException('The time is over.', 'TimeoutError'));
  }, ms);
  const onAbort = () => controller.abort(outer.reason);
  if (outer.aborted) onAbort();
  else outer.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    get isOver() {
      return isOver;
    },
    clear() {
      clearTimeout(timer);
      outer.removeEventListener('abort', onAbort);
    },
  };
}
