import type { OperationPrice } from '../graphql/operation-price.ts';

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

/** What an operation will take at most, told before it runs. */
export function priceInMs({ cost }: Pick<OperationPrice, 'cost'>): number {
  return prices.operation + cost * prices.object;
}

/** What it has taken, told by its answer; never more than it was priced. */
export function costInMs(answerBytes: number, pricedMs: number): number {
  return Math.min(pricedMs, prices.operation + (answerBytes / 1024) * prices.kilobyte);
}
