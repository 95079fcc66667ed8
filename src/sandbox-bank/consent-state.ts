import { z } from 'zod';

export const consentState = z.object({
  id: z.string(),
  variant: z.enum(['redirect', 'decoupled', 'embedded']),
  /** The bank's variant by name; empty for the plain ones. */
  bank: z.string().default(''),
  status: z.enum([
    'received',
    'rejected',
    'valid',
    'revokedByPsu',
    'expired',
    'terminatedByTpp',
    'partiallyAuthorised',
  ]),
  tpp: z.string(),
  recurring: z.boolean(),
  validUntil: z.string(),
  frequencyPerDay: z.number(),
  redirectUri: z.string().nullable(),
  nokRedirectUri: z.string().nullable(),
  /** As it was asked for. */
  access: z.record(z.string(), z.unknown()).default({ allPsd2: 'allAccounts' }),
  /** Known once the end user has logged in. */
  psuId: z.string().nullable(),
  authorisationId: z.string().nullable(),
  scaStatus: z.string(),
  /** Of embedded: how the end user gets the OTP. */
  scaMethodId: z.string().nullable().default(null),
  /** Unguessable part of the bank's own page. */
  link: z.string().nullable(),
  wrongOtpCount: z.number(),
  createdAt: z.number(),
  /** Milliseconds; null before the SCA. */
  authorisedAt: z.number().nullable(),
  lastActionAt: z.number(),
  /** Accounts whose transactions have been read to the last page. */
  readAccounts: z.array(z.number()),
});

export type ConsentState = z.infer<typeof consentState>;
