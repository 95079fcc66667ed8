/** By name, such as `database`: rejects while that which it checks does not work. */
export type ReadinessChecks = Readonly<Record<string, () => Promise<unknown>>>;

export interface Readiness {
  ready: boolean;
  /** By name: `ok`, or `failed`; the reason goes to the log, not to the caller. */
  checks: Record<string, 'ok' | 'failed'>;
  failures: unknown[];
}

const limitMs = 5000;

/** Runs every check at once; one that has not answered within five seconds has failed. */
export async function checkReadiness(checks: ReadinessChecks): Promise<Readiness> {
  const failures: unknown[] = [];
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        await withinLimit(check());
        return [name, 'ok'] as const;
      } catch (error) {
        failures.push(error);
        return [name, 'failed'] as const;
      }
    }),
  );
  return { ready: failures.length === 0, checks: Object.fromEntries(results), failures };
}

async function withinLimit(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
