/** The whole of an attempt: connecting, sending, the receiver's headers and body. */
export const attemptTimeoutMs = 15_000;

/**
 * Requests in flight to one endpoint: a hanging receiver holds no more than these. One that accepts what it is given has more of them, in
 * step with `heldPerEndpoint`: beside a busy database, answers come late in turn, and 16 at a time leave the sender idle.
 */
export const requestsInFlight = 16;
export const requestsInFlightAtMost = 50;

/** The same while an endpoint is failing: enough to notice that it is back. */
export const requestsInFlightWhileFailing = 2;

/**
 * Deliveries of one endpoint that a process holds, sent or not: enough to keep its requests going while results are recorded. An
 * endpoint begins with few, and has twice as many each time that it has accepted so many within `paceMs`: one that hangs keeps
 * no place that others need.
 */
export const heldPerEndpoint = 800;
export const heldPerEndpointAtFirst = 64;
export const paceMs = 2_000;
export const heldPerEndpointWhileFailing = 4;

/** Deliveries that a process holds for all endpoints. */
export const heldInAll = 2_000;

/** Deliveries that one statement claims, and endpoints that it looks at. */
export const claimedAtOnce = 400;
export const endpointsAtOnce = 64;

/** Deliveries of one login that are claimed together; they are sent one after another. */
export const claimedPerLogin = 16;

/** Attempts that one statement records. */
export const recordedAtOnce = 200;

/** A claim that is older is another process's to take. Longer than an attempt, with time to record it. */
export const leaseSeconds = 60;

/** What was claimed is not sent later than this: its attempt must end before the lease does. */
export const sendWithinMs = leaseSeconds * 1000 - attemptTimeoutMs - 15_000;

/** Of the receiver's response body, what is kept with the attempt. */
export const keptResponseBytes = 1_024;

/** Of the receiver's response body, what is read at all: a longer one costs the connection. */
export const readResponseBytes = 16_384;

/** A larger body carries counts in place of transactions. */
export const maximumBodyBytes = 1_048_576;

/** Serialised bodies that are kept for the next endpoint that takes the same event; of the latest, half as many at least. */
export const cachedBodyBytes = 32 * 1_048_576;

/** Events whose stored data is larger are loaded one by one, so that a batch of them does not fill the memory. */
export const inlineEventBytes = 32_768;

/** By so much the clocks of two processes may differ, a claim's own time included, without a login being sent two deliveries at once. */
export const seenAheadSeconds = 5;

/** How far ahead the places of an endpoint with a rate limit are given out: enough for several processes to have some. */
export const pacedAheadSeconds = 2;

/** How often the database is asked for what no signal told of: retries that are due, claims that ran out. */
export const pollMs = 1_000;

/** How often endpoints that fail are looked at between their attempts. */
export const healthLookMs = 5 * 60_000;

/** Idle connections to endpoints are kept for so many endpoints. */
export const pooledEndpoints = 512;

export const endpointsPerClient = 20;
