import { z } from 'zod';

/*
 * What we use of the bank's replies on consents and their SCA, by the Berlin Group's OpenAPI file 1.3.11, and what banks make of it.
 * Fields that we do not use are let through unread; open code lists are plain strings; null and '' count as absent; ids may be numbers.
 */

/** Text that any store takes: PostgreSQL has no NUL, and no half of a surrogate pair in JSON. */
const text = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .catch(null)
  .transform(
    (value) =>
      value
        ?.replaceAll('\0', '')
        .replace(/\p{Surrogate}/gu, '\ufffd')
        .trim() || null,
  );

/** Goes into paths and headers. A dot segment would change the path. */
const identifier = z
  .union([z.string(), z.number().transform(String)])
  .pipe(z.string().regex(/^[\x21-\x7e]{1,500}$/))
  .refine((id) => id !== '.' && id !== '..');

const optionalIdentifier = identifier.nullish().transform((value) => value ?? null);

/** `{ next: { href } }`; `{ next: href }`, a list of `{ rel, href }`, and names like `sca-redirect`, as some banks have it. */
const links = z
  .unknown()
  .optional()
  .transform((given): Record<string, string> => {
    const named = Array.isArray(given)
      ? given.map((link) => [String((link as { rel?: unknown } | null)?.rel ?? ''), link] as const)
      : Object.entries((given as object | null) ?? {});
    return Object.fromEntries(
      named.flatMap(([name, link]) => {
        const href = typeof link === 'string' ? link : (link as { href?: unknown } | null)?.href;
        return name !== '' && typeof href === 'string' && href !== '' ? [[toCamelCase(name), href]] : [];
      }),
    );
  });

function toCamelCase(name: string): string {
  const joined = name.replace(/[-_]([a-z])/gi, (_, letter: string) => letter.toUpperCase());
  return joined === 'scaOauth' ? 'scaOAuth' : joined;
}

const scaMethod = z.object({
  authenticationMethodId: identifier,
  authenticationType: z.string().catch(''),
  name: text,
});

// 512 kilobytes at most; whatever else a bank calls an image is not handed on to browsers.
const image = z
  .string()
  .nullish()
  .catch(null)
  .transform((value) => (value ? toImageUrl(value) : null));

const imageKinds: ReadonlyArray<[type: string, base64: RegExp]> = [
  ['image/png', /^iVBORw0KGgo/],
  ['image/jpeg', /^\/9j\//],
  ['image/gif', /^R0lGOD/],
];

/** A data URL of base64, which may be one already; null for what is no PNG, JPEG or GIF, or too large. */
export function toImageUrl(value: string): string | null {
  const base64 = value.replace(/^data:[\w/+.;=-]*,/, '').replaceAll(/\s/g, '');
  const kind = imageKinds.find(([, start]) => start.test(base64));
  if (!kind || base64.length > 700_000 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  return `data:${kind[0]};base64,${base64}`;
}

const challengeData = z.object({
  image,
  imageLink: text,
  data: z
    .union([z.string().transform((value) => [value]), z.array(z.string())])
    .nullish()
    .catch(null)
    .transform((value) => value ?? []),
  additionalInformation: text,
  otpFormat: z.string().nullish().catch(null),
  otpMaxLength: z.coerce.number().int().positive().nullish().catch(null),
});

const scaFields = {
  scaMethods: z
    .array(scaMethod)
    .nullish()
    .catch(null)
    .transform((value) => value ?? []),
  chosenScaMethod: z
    .object({ authenticationType: z.string() })
    .nullish()
    .catch(null)
    .transform((value) => value?.authenticationType ?? null),
  challengeData: challengeData
    .nullish()
    .catch(null)
    .transform((value) => value ?? null),
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

/** What a bank leaves out is as we asked for it. */
export const consentReply = z.object({
  consentStatus: z.string(),
  recurringIndicator: z.boolean().nullish().catch(null),
  /** The day of a date-time, too. */
  validUntil: z
    .string()
    .transform((value) => value.slice(0, 10))
    .pipe(z.iso.date())
    .nullish()
    .catch(null),
  frequencyPerDay: z.coerce.number().int().nonnegative().nullish().catch(null),
});
export type ConsentReply = z.output<typeof consentReply>;

export const consentStatusReply = z.object({ consentStatus: z.string() });

/** Of GET and PUT; the authorisation's id is in our own request. */
export const scaReply = z.object({ scaStatus: z.string(), ...scaFields });
export type ScaReply = z.output<typeof scaReply>;

/** Where the reply does not name the authorisation, its links do. */
export const scaStartedReply = scaReply.extend({ authorisationId: optionalIdentifier });
