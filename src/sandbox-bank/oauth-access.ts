import type { BankDeps } from './bank-deps.ts';
import { type BankRequest, Refusal } from './exchange.ts';
import type { GrantState } from './oauth-grants.ts';

/** The grant behind the request's token. Refuses what has none that is good now. */
export function checkToken(deps: BankDeps, request: BankRequest): GrantState {
  const token = /^Bearer (\S+)$/i.exec(request.header('authorization') ?? '')?.[1];
  if (!token) throw new Refusal(401, 'TOKEN_UNKNOWN', 'An access token is demanded here.');
  const { grants } = deps.state;
  const grant = grants.findByToken(token);
  const tokens = grant?.generations.find(({ access }) => access === token);
  if (!grant || !tokens || grant.isOver || grant.bank !== deps.habits.name) {
    throw new Refusal(401, 'TOKEN_INVALID', 'The access token is not valid.');
  }
  if (deps.now().getTime() >= tokens.expiresAt)
    throw new Refusal(401, 'TOKEN_EXPIRED', 'The access token has expired.');
  if (tokens.isUsed) return grant;
  const generations = grant.generations.map((each) => (each === tokens ? { ...each, isUsed: true } : each));
  const used = { ...grant, generations };
  grants.save(used);
  return used;
}
