/** Where the time comes from. Rules take it as an argument, so that tests hold it still. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
