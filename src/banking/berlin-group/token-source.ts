import type { Clock } from '../../domain/clock.ts';
import { BankFailure } from '../bank-failure.ts';
import type { KeptCredentials } from '../bank-port.ts';
import { type Held, readHeld, type Tokens, type Work, workOn } from './credentials.ts';
import type { OAuthServer } from './oauth-server.ts';
import type { TokenSource } from './xs2a-client.ts';

export interface TokenDeps {
  clock: Clock;
  oauth: Pick<OAuthServer, 'refresh'>;
}

/** The tokens of credentials that nobody else changes meanwhile. */
export function tokensOf(deps: TokenDeps, work: Work): TokenSource {
  return {
    async present() {
      const usable = findUsable(deps, work.held);
      if (usable !== 'over') return usable;
      await deps.oauth.refresh(work);
      return work.held.tokens?.access ?? null;
    },
    async renew(expired) {
      const { tokens } = work.held;
      // Somebody else has been here.
      if (tokens && tokens.access !== expired) return true;
      if (!tokens?.refresh) return false;
      await deps.oauth.refresh(work);
      return true;
    },
  };
}

/** The tokens of stored credentials: renewed by one process at a time. */
export function tokensOfKept(deps: TokenDeps, kept: KeptCredentials): TokenSource {
  return {
    async present() {
      const usable = findUsable(deps, readHeld(kept.text));
      return usable === 'over' ? await workOn(kept, (work) => tokensOf(deps, work).present()) : usable;
    },
    renew: (expired) => workOn(kept, (work) => tokensOf(deps, work).renew(expired)),
  };
}

/** Null where the bank has given none; `over`: another one must be had first. Throws where there is no way to one. */
function findUsable({ clock }: TokenDeps, { tokens, tokensLost }: Held): string | 'over' | null {
  if (tokensLost) throw new BankFailure('CONSENT_INVALID', 'The bank has withdrawn the tokens of the consent.');
  if (!tokens) return null;
  if (!isOver(tokens, clock.now().getTime())) return tokens.access;
  if (tokens.refresh) return 'over';
  throw new BankFailure('CONSENT_EXPIRED', 'The token has run out, and the bank has given none to renew it with.');
}

/** A little before its end, so that it does not end on its way. */
function isOver({ expiresAt, lifetimeMs }: Tokens, nowMs: number): boolean {
  return expiresAt !== null && nowMs >= expiresAt - Math.min(10_000, lifetimeMs / 10);
}
