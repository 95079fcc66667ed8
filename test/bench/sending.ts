/** Deliveries a second, and the processor time of this process for each, in µs. The clock starts at once, or anew with `begin`. */
export async function timeSending(
  count: number,
  send: (begin: () => void) => Promise<void>,
): Promise<Record<string, number>> {
  // What preparing has left over is not the sending's to clear away.
  globalThis.gc?.();
  let cpuBefore = process.cpuUsage();
  let beganMs = performance.now();
  await send(() => {
    cpuBefore = process.cpuUsage();
    beganMs = performance.now();
  });
  const seconds = (performance.now() - beganMs) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  return { rate: count / seconds, cpu: (cpu.user + cpu.system) / count };
}
