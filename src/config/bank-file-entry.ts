import { z } from 'zod';
import { consentModels, plainHabits, scaApproaches, statementFormats } from '../domain/bank-entry.ts';

const keyPair = z.strictObject({
  certificateFile: z.string(),
  privateKeyFile: z.string(),
  passphrase: z.string().optional(),
});

const webAddress = z.url({ protocol: /^https?$/ });
const visibleText = z.string().regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without blanks');

const oauth = z
  .strictObject({
    clientId: visibleText,
    clientSecretFile: z.string().optional(),
    scope: z.string().min(1).optional(),
    metadataUrl: webAddress.optional(),
    authorizationEndpoint: webAddress.optional(),
    tokenEndpoint: webAddress.optional(),
    when: z.enum(['sca', 'before-consent', 'instead']).default('sca'),
  })
  .refine(
    ({ authorizationEndpoint, tokenEndpoint }) => Boolean(authorizationEndpoint) === Boolean(tokenEndpoint),
    'authorizationEndpoint and tokenEndpoint need each other',
  )
  .refine(
    ({ when, metadataUrl, tokenEndpoint }) => when === 'sca' || Boolean(metadataUrl ?? tokenEndpoint),
    'needs metadataUrl, or both endpoints: no consent is there to lead to them',
  )
  .refine(({ when, scope }) => when === 'sca' || Boolean(scope), 'needs a scope: there is no consent to name');

/** Those that the adapter sends by itself: an entry that set them would break what they stand for. */
const reservedHeaders =
  /^(authorization|consent-id|psu-.*|digest|signature|date|x-request-id|content-.*|host|tpp-.*)$/i;

const headers = z
  .record(z.string(), z.union([z.string().regex(/^[\x20-\x7e]+$/), z.strictObject({ file: z.string() })]))
  .superRefine((given, context) => {
    for (const name of Object.keys(given)) {
      if (!/^[\w-]+$/.test(name)) context.addIssue({ code: 'custom', message: `${name} is no name of a header` });
      if (reservedHeaders.test(name))
        context.addIssue({ code: 'custom', message: `${name} is sent by Tidewater itself` });
    }
  })
  .default({});

const bankFileEntry = z.strictObject({
  id: z.string().regex(/^bank_[a-z0-9_]+$/, 'must look like bank_example'),
  name: z.string().min(1),
  bic: z
    .string()
    .regex(/^[A-Z0-9]{8}([A-Z0-9]{3})?$/, 'must be a BIC')
    .optional(),
  bankCode: z.string().optional(),
  country: z.string().regex(/^[A-Z]{2}$/, 'must be a country code such as DE'),
  baseUrl: webAddress,
  preferredApproach: z.enum(scaApproaches).default('redirect'),
  scaValidityDays: z.number().int().positive().max(3_650).optional(),
  ownIpAddress: z.ipv4('must be an IPv4 address').optional(),
  clientCertificate: keyPair.optional(),
  signingCertificate: keyPair.extend({ keyId: z.string() }).optional(),
  certificateAuthorityFile: z.string().optional(),
  protocol: z.string().min(1).default(plainHabits.protocol),
  oauth: oauth.optional(),
  consentModel: z.enum(['auto', ...consentModels]).default(plainHabits.consentModel),
  asksPsuId: z.boolean().default(plainHabits.asksPsuId),
  psuIdType: visibleText.optional(),
  psuCorporateIdType: visibleText.optional(),
  headers,
  signedHeaders: z
    .array(z.string().regex(/^[a-z-]+$/, 'must be a name of a header in lower case'))
    .min(1)
    .optional(),
  formats: z
    .array(z.enum(statementFormats))
    .min(1)
    .refine((formats) => new Set(formats).size === formats.length, 'names a format twice')
    .default([...statementFormats]),
  amountSign: z.enum(['as-sent', 'reversed']).default(plainHabits.amountSign),
  historyDays: z.number().int().positive().max(3_650).optional(),
  parallelCalls: z.number().int().positive().max(32).default(plainHabits.parallelCalls),
  passwordKeyFile: z.string().optional(),
});
export type BankFileEntry = z.infer<typeof bankFileEntry>;

/** BANKS_FILE as the operator writes it. */
export const bankFile = z.array(bankFileEntry).min(1, 'must list a bank');
