import type { FieldFault } from '../domain/errors.ts';

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Where an end user may be sent back to: an http(s) address whose origin the client has registered, so that a hosted link can never
 * be made to lead elsewhere. Null when it may.
 */
export function findReturnUrlFault(
  returnUrl: string,
  { returnOrigins, allowLoopback }: { returnOrigins: readonly string[]; allowLoopback: boolean },
): FieldFault | null {
  const path = 'input.returnUrl';
  if (!URL.canParse(returnUrl)) return { path, message: 'must be an address' };
  const url = new URL(returnUrl);
  if (!/^https?:$/.test(url.protocol) || url.username || url.password) {
    return { path, message: 'must be an http or https address without credentials' };
  }
  if (returnOrigins.includes(url.origin) || (allowLoopback && loopbackHosts.has(url.hostname))) return null;
  return {
    path,
    message: `must have an origin that is registered for the client (updateClient); ${url.origin} is not`,
  };
}

/** The address with the outcome in it: `?session=…&status=…`. */
export function withOutcome(returnUrl: string, session: { id: string; status: string }): string {
  const url = new URL(returnUrl);
  url.searchParams.set('session', session.id);
  url.searchParams.set('status', session.status);
  return url.href;
}

/**
 * The address for an end user who is back from the bank in another browser: `?session=…&status=AWAITING_USER&returnToken=…`. The
 * client's app opens the session's link with the token where it began.
 */
export function withReturn(returnUrl: string, session: { id: string; status: string }, token: string): string {
  const url = new URL(withOutcome(returnUrl, session));
  url.searchParams.set('returnToken', token);
  return url.href;
}
