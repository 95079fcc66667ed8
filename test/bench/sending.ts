/**
 * How many of a round's deliveries are sent before the clock starts: a pause and a full collection lie between two rounds, after which
 * V8 compiles anew what a process that goes on sending has compiled. The same share for all contestants.
 */
export function warmUpOf(count: number): number {
  return Math.floor(count / 10);
}

/** The same sending, which calls `begin` when the warm-up of so many is over. */
export function afterWarmUp<T>(
  count: number,
  { send, begin }: { send(message: T): Promise<void>; begin(): void },
): (message: T) => Promise<void> {
  let sentCount = 0;
  return (message) => {
    if (sentCount++ === warmUpOf(count)) begin();
    return send(message);
  };
}

/** Deliveries a second after the warm-up, and the processor time of this process for each, in µs. `begin` says that it is over. */
export async function timeSending(
  count: number,
  send: (begin: () => void) => Promise<void>,
): Promise<Record<string, number>> {
  // What preparing has left over is not the sending's to clear away.
  globalThis.gc?.();
  let cpuBefore = process.cpuUsage();
  let beganMs = Number.NaN;
  await send(() => {
    cpuBefore = process.cpuUsage();
    beganMs = performance.now();
  });
  const timed = count - warmUpOf(count);
  const seconds = (performance.now() - beganMs) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  return { rate: timed / seconds, cpu: (cpu.user + cpu.system) / timed };
}
