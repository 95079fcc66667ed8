import { z } from 'zod';
import { BankFailure } from '../bank-failure.ts';
import type { KeptCredentials } from '../bank-port.ts';

const version = 'berlin-group-1';
const text = z.string().nullable();

const authorisation = z.object({
  id: text,
  /** What the bank has said once holds for this authorisation. */
  approach: z.enum(['decoupled', 'embedded']).nullable(),
  /** The type of the method that the end user has chosen. */
  methodType: text,
  /** Types of the methods that the bank offers, by id. */
  methodTypes: z.record(z.string(), z.string()),
  /** By the protocol's name; below the bank's base URL. */
  links: z.record(z.string(), z.string()),
});

const authorisationServer = z.object({
  issuer: z.string(),
  authorizationEndpoint: z.string(),
  tokenEndpoint: z.string(),
  revocationEndpoint: text,
  /** RFC 9207: its callbacks name the issuer. */
  namesIssuer: z.boolean(),
  clientAuthentication: z.enum(['client_secret_basic', 'client_secret_post']),
});
export type AuthorisationServer = z.output<typeof authorisationServer>;

const tokens = z.object({
  access: z.string(),
  refresh: text,
  /** Milliseconds since 1970; null where the bank does not say. */
  expiresAt: z.number().nullable(),
  lifetimeMs: z.number(),
});
export type Tokens = z.output<typeof tokens>;

const held = z.object({
  version: z.literal(version),
  /** Null until the bank has given one. */
  consentId: text,
  psuId: text,
  corporateId: text,
  ibans: z.array(z.string()).nullable(),
  /** What we asked for; null in what was stored before there were credentials. */
  terms: z
    .object({
      redirectUrl: z.string(),
      nokRedirectUrl: z.string(),
      callbackUrl: z.string(),
      state: z.string(),
      recurring: z.boolean(),
      validUntil: z.string(),
      frequencyPerDay: z.number(),
    })
    .nullable(),
  authorisation: authorisation.nullable(),
  server: authorisationServer.nullable(),
  /** An authorisation at the server that waits for its callback: the verifier of PKCE. */
  codeVerifier: text,
  /** What it comes back with; null in what was stored before it had a state of its own: that of the terms. */
  codeState: text.default(null),
  tokens: tokens.nullable(),
  /** The server has refused the refresh token for good. */
  tokensLost: z.boolean(),
});

/** What this adapter remembers of one consent. */
export type Held = z.output<typeof held>;
export type HeldAuthorisation = z.output<typeof authorisation>;

export const emptyHeld: Held = {
  version,
  consentId: null,
  psuId: null,
  corporateId: null,
  ibans: null,
  terms: null,
  authorisation: null,
  server: null,
  codeVerifier: null,
  codeState: null,
  tokens: null,
  tokensLost: false,
};

export const emptyAuthorisation: HeldAuthorisation = {
  id: null,
  approach: null,
  methodType: null,
  methodTypes: {},
  links: {},
};

/** Consent ids have no blanks: before there were credentials the text was one, with an authorisation's id and a PSU id behind blanks. */
const bareIds = /^([\x21-\x7e]+)(?: ([\x21-\x7e]+)(?: ([\x21-\x7e]+))?)?$/;

/** Throws CONSENT_INVALID for what another protocol, or a later version, has written. */
export function readHeld(stored: string): Held {
  if (!stored.startsWith('{')) {
    const [, consentId = null, id = null, psuId = null] = bareIds.exec(stored) ?? [];
    const authorisation = id ? { ...emptyAuthorisation, id } : null;
    if (consentId) return { ...emptyHeld, consentId, psuId: psuId && decodeURIComponent(psuId), authorisation };
  }
  const parsed = held.safeParse(parseJson(stored));
  if (parsed.success) return parsed.data;
  throw new BankFailure('CONSENT_INVALID', 'The consent was made with another protocol or version of the adapter.');
}

export function writeHeld(present: Held): string {
  return JSON.stringify(present);
}

/** Credentials while a call works on them: `held` are the present ones, and `save` stores changes before it resolves. */
export interface Work {
  readonly held: Held;
  save(changes: Partial<Held>): Promise<void>;
}

/** For credentials that nobody has stored yet. */
export function startWork(first: Held): Work {
  let present = first;
  return {
    get held() {
      return present;
    },
    async save(changes) {
      present = { ...present, ...changes };
    },
  };
}

/** Works on stored credentials, alone. */
export async function workOn<T>(kept: KeptCredentials, work: (work: Work) => Promise<T>): Promise<T> {
  return await kept.change(async (stored, store) => {
    let present = readHeld(stored);
    return await work({
      get held() {
        return present;
      },
      async save(changes) {
        const changed = { ...present, ...changes };
        await store(writeHeld(changed));
        present = changed;
      },
    });
  });
}

function parseJson(stored: string): unknown {
  try {
    return JSON.parse(stored);
  } catch {
    // Neither ours nor a bare id.
    return null;
  }
}
