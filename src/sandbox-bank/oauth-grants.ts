import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';

const generation = z.object({
  access: z.string(),
  refresh: z.string(),
  /** Milliseconds. */
  expiresAt: z.number(),
  /** The client has shown one of them: now it has them for sure. */
  isUsed: z.boolean(),
});

export const grantState = z.object({
  id: z.string(),
  /** The consent that the tokens stand for; before-consent: that of the login alone. */
  consentId: z.string(),
  bank: z.string(),
  clientId: z.string(),
  redirectUri: z.string(),
  challenge: z.string(),
  state: z.string(),
  /** Null before the approval, and once it has been exchanged. */
  code: z.string().nullable(),
  /** The newest last; of older ones only what a crash may bring again is kept. */
  generations: z.array(generation),
  isOver: z.boolean(),
  /** How often a refresh token came again after its successors had been used: each ends everything. */
  reuseCount: z.number(),
});
export type GrantState = z.infer<typeof grantState>;

export interface GrantStore {
  find(id: string): GrantState | null;
  findByConsent(consentId: string): GrantState | null;
  findByToken(token: string): GrantState | null;
  list(): GrantState[];
  save(grant: GrantState): void;
}

const keptGenerations = 20;

export type Refreshed = { tokens: GrantState['generations'][number] } | 'invalid_grant';

/** New tokens for the code. RFC 6749, 4.1.2: a code that comes twice ends what it has given. */
export function exchangeCode(
  grants: GrantStore,
  given: { code: string; verifier: string; redirectUri: string; clientId: string; bank: string },
  expiresAt: number,
): Refreshed {
  const grant = grants.find(given.code.split('.')[0] ?? '');
  if (!grant || grant.isOver) return 'invalid_grant';
  if (grant.code === null || grant.code !== given.code) {
    grants.save({ ...grant, isOver: true });
    return 'invalid_grant';
  }
  const challenge = createHash('sha256').update(given.verifier).digest('base64url');
  const isTheirs =
    grant.challenge === challenge &&
    grant.redirectUri === given.redirectUri &&
    grant.clientId === given.clientId &&
    grant.bank === given.bank;
  if (!isTheirs) return 'invalid_grant';
  const tokens = newTokens(grant.id, expiresAt);
  grants.save({ ...grant, code: null, generations: [tokens] });
  return { tokens };
}

/**
 * A refresh token is good once. As long as nothing that came of it has been used, the client may have lost the reply: then it may
 * come again. After that it is stolen, and everything ends.
 */
export function refreshTokens(grants: GrantStore, refresh: string, expiresAt: number): Refreshed {
  const grant = grants.findByToken(refresh);
  const index = grant?.generations.findIndex((each) => each.refresh === refresh) ?? -1;
  if (!grant || grant.isOver || index < 0) return 'invalid_grant';
  if (grant.generations.slice(index + 1).some(({ isUsed }) => isUsed)) {
    grants.save({ ...grant, isOver: true, reuseCount: grant.reuseCount + 1 });
    return 'invalid_grant';
  }
  const tokens = newTokens(grant.id, expiresAt);
  const before = grant.generations
    .slice(0, index + 1)
    .map((each, i) => (i === index ? { ...each, isUsed: true } : each));
  grants.save({ ...grant, generations: [...before, tokens].slice(-keptGenerations) });
  return { tokens };
}

function newTokens(grantId: string, expiresAt: number): GrantState['generations'][number] {
  const make = () => `${grantId}.${randomBytes(24).toString('base64url')}`;
  return { access: make(), refresh: make(), expiresAt, isUsed: false };
}
