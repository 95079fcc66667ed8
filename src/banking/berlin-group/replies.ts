import { z } from 'zod';

/*
 * What we use of the bank's replies, by the Berlin Group's OpenAPI file 1.3.11. Fields that we do not use are let
 * through unread; open code lists are plain strings; null and '' count as absent.
 */

/** Text that any store takes: PostgreSQL has no NUL, and no half of a surrogate pair in JSON. */
const text = z
  .string()
  .nullish()
  .transform(
    (value) =>
      value
        ?.replaceAll('\0', '')
        .replace(/\p{Surrogate}/gu, '\ufffd')
        .trim() || null,
  );

/** Goes into paths and headers. A dot segment would change the path. */
const identifier = z
  .string()
  .regex(/^[\x21-\x7e]{1,500}$/)
  .refine((id) => id !== '.' && id !== '..');

const date = z.iso.date();

/** `{ next: { href } }`, or `{ next: href }` as some banks have it. */
const links = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => {
    const hrefs: Record<string, string> = {};
    for (const [name, link] of Object.entries(value ?? {})) {
      const href = typeof link === 'string' ? link : (link as { href?: unknown } | null)?.href;
      if (typeof href === 'string' && href !== '') hrefs[name] = href;
    }
    return hrefs;
  });

const scaMethod = z.object({
  authenticationMethodId: z.string().min(1),
  authenticationType: z.string(),
  name: text,
});

// PNG, of 512 kilobytes at most; whatever else a bank calls an image is not handed on to browsers.
const image = z
  .string()
  .nullish()
  .transform((value) => {
    const base64 = value?.replaceAll(/\s/g, '') ?? '';
    return /^iVBORw0KGgo[A-Za-z0-9+/]+={0,2}$/.test(base64) && base64.length <= 700_000 ? base64 : null;
  });

const challengeData = z.object({
  image,
  data: z
    .union([z.string().transform((value) => [value]), z.array(z.string())])
    .nullish()
    .transform((value) => value ?? []),
  additionalInformation: text,
  otpFormat: z.string().nullish(),
  otpMaxLength: z.number().int().positive().nullish(),
});

const scaFields = {
  scaMethods: z
    .array(scaMethod)
    .nullish()
    .transform((value) => value ?? []),
  challengeData: challengeData.nullish().transform((value) => value ?? null),
  psuMessage: text,
  _links: links,
};

export const consentCreatedReply = z.object({
  consentId: identifier,
  consentStatus: z.string(),
  scaStatus: z.string().nullish(),
  ...scaFields,
});
export type ConsentCreatedReply = z.output<typeof consentCreatedReply>;

export const consentReply = z.object({
  consentStatus: z.string(),
  recurringIndicator: z.boolean(),
  validUntil: date,
  frequencyPerDay: z.number().int().nonnegative(),
});
export type ConsentReply = z.output<typeof consentReply>;

/** Of GET and PUT; the authorisation's id is in our own request. */
export const scaReply = z.object({ scaStatus: z.string(), ...scaFields });
export type ScaReply = z.output<typeof scaReply>;

export const scaStartedReply = scaReply.extend({ authorisationId: identifier });
