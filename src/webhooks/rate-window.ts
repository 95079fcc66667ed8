const windowMs = 1_000;

/** Lets at most `limit` things through in any second. */
export interface RateWindow {
  /** 0 when one may pass now, and it is counted; else how long to wait. */
  pass(nowMs: number): number;
}

export function createRateWindow(limit: number): RateWindow {
  const passes = new Float64Array(limit).fill(Number.NEGATIVE_INFINITY);
  let oldest = 0;
  return {
    pass(nowMs) {
      const freeAt = (passes[oldest] ?? Number.NEGATIVE_INFINITY) + windowMs;
      if (freeAt > nowMs) return freeAt - nowMs;
      passes[oldest] = nowMs;
      oldest = (oldest + 1) % limit;
      return 0;
    },
  };
}
