/**
 * Milliseconds of the processor's time, measured on one core of a small server. They need not be exact: what counts is that
 * the dearest of each kind is not taken for cheap.
 */
const prices = {
  /** Reading, authentication, logging and answering of any operation. */
  operation: 0.2,
  /** An object with a dozen fields, executed and written: a page of 100 with an amount each takes 0.8. */
  object: 0.004,
  /** As the answer shows it once it is written. */
  kilobyte: 0.03,
} as const;

/** What an operation will take beside its statements, told before it runs by the objects that it may answer with. */
export function priceInMs(objects: number): number {
  return prices.operation + objects * prices.object;
}

/** What it has taken, told by its answer: less than its price where pages were not full, more where what it told of is long. */
export function costInMs(answerBytes: number): number {
  return prices.operation + (answerBytes / 1024) * prices.kilobyte;
}
