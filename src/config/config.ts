import { z } from 'zod';
import type { BankEntry } from '../domain/bank-entry.ts';
import { StartupError } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';
import { parseBanksFile } from './banks-file.ts';
import { effectiveSandboxBankPort, findContradictions } from './contradictions.ts';
import { parseTrustedDocuments, type TrustedDocuments } from './trusted-documents-file.ts';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export const roles = ['all', 'api', 'worker'] as const;

/** The operator's settings, parsed; design and README list them. An integration that is off is null. */
export interface Config {
  port: number;
  host: string;
  /** Null: follows from host and port once the server listens. */
  publicUrl: string | null;
  dataDir: string;
  databaseUrl: Secret | null;
  mongodbUrl: Secret | null;
  bootstrapApiKey: Secret | null;
  /** In base64, the newest first; null: generated into `dataDir`. */
  encryptionKeys: Secret[] | null;
  /** Null: the sandbox bank is off. 0: any free port. */
  sandboxBankPort: number | null;
  /** Null: the sandbox bank alone. */
  banks: BankEntry[] | null;
  syncLanes: number;
  /** Days that events, their bodies and deliveries, attempts and ended sessions are kept. */
  retentionDays: number;
  /** Days that entries of the audit log are kept. */
  auditRetentionDays: number;
  role: (typeof roles)[number];
  webhookAllowedNetworks: string[];
  /** Whether the operator named these networks: what answers there is then shown in attempts. */
  webhookNetworksNamed: boolean;
  /** What receivers that ask for a certificate are shown; null: none. */
  webhookClientCertificate: { certificateFile: string; privateKeyFile: string } | null;
  /** Origins that may show the hosted pages in a frame. */
  embeddingOrigins: string[];
  /** Of one client; null: no limit. */
  requestsPerMinute: number | null;
  /** Whether requests are counted for each process by itself, or for all of them in the database. */
  requestCounts: 'process' | 'database';
  /** Of a process's time that one client may take; null: no limit. */
  clientProcessorPercent: number | null;
  /** Without a valid key, of one address; null: no limit. */
  anonymousRequestsPerMinute: number | null;
  /** Of one address; null: no limit. */
  connectionsPerAddress: number | null;
  operationTimeoutSeconds: number;
  /** What clients may name rather than send, and whether nothing else is run. */
  trustedDocuments: { documents: TrustedDocuments; only: boolean };
  /** Whether a browser finds GraphiQL at /graphql. */
  graphiql: boolean;
  /** Origins of pages that may call the API with a key. */
  corsOrigins: string[];
  logLevel: (typeof logLevels)[number];
}

export type Environment = Readonly<Record<string, string | undefined>>;

const port = z.coerce.number('must be a port number').int().min(0).max(65535);
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http or https address' })
  .transform((url) => url.replace(/\/+$/, ''));
const origin = z
  .url({ protocol: /^https?$/ })
  .refine(
    (url) => URL.canParse(url) && new URL(url).origin === url,
    'must be origins, such as https://app.example.com',
  );

const count = z.union(
  [z.literal('off').transform(() => null), z.coerce.number().int().min(1)],
  'must be a number above 0, or off',
);
const encryptionKeys = list
  .pipe(z.array(z.string()).min(1))
  .refine(
    (keys) => keys.every((key) => Buffer.from(key, 'base64').length === 32),
    'must be 32 bytes in base64 (openssl rand -base64 32); several are separated by commas, the newest first',
  );

// The schedule of attempts lasts 3 days, a run of failures 5 until the endpoint is disabled.
const leastRetentionDays = 7;

const settings = z.object({
  PORT: port.default(4000),
  HOST: z.string().min(1).default('127.0.0.1'),
  PUBLIC_URL: httpUrl.optional(),
  DATA_DIR: z.string().min(1).default('.data'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgresql:// address' }).optional(),
  MONGODB_URL: z.url({ protocol: /^mongodb(\+srv)?$/, error: 'must be a mongodb:// address' }).optional(),
  BOOTSTRAP_API_KEY: z.string().min(20, 'must have 20 characters or more').optional(),
  ENCRYPTION_KEY: encryptionKeys.optional(),
  ENCRYPTION_KEY_FILE: z.string().min(1).optional(),
  SANDBOX_BANK_PORT: z.union([z.literal('off').transform(() => null), port]).optional(),
  BANKS_FILE: z.string().min(1).optional(),
  SYNC_LANES: z.coerce.number('must be a number').int().min(1).max(64).default(1),
  RETENTION_DAYS: z.coerce
    .number('must be a number of days')
    .int()
    .min(
      leastRetentionDays,
      `must be ${leastRetentionDays} or more: deliveries are tried, and receivers may fail, for days`,
    )
    .max(36_500)
    .default(90),
  AUDIT_RETENTION_DAYS: z.coerce
    .number('must be a number of days')
    .int()
    .min(30, 'must be 30 or more')
    .max(36_500)
    .default(730),
  ROLE: z.enum(roles, { error: `must be one of ${roles.join(', ')}` }).default('all'),
  WEBHOOK_ALLOWED_NETWORKS: list
    .pipe(z.array(z.union([z.cidrv4(), z.cidrv6()], 'must be networks such as 10.1.0.0/16')))
    .optional(),
  WEBHOOK_CLIENT_CERTIFICATE_FILE: z.string().min(1).optional(),
  WEBHOOK_CLIENT_KEY_FILE: z.string().min(1).optional(),
  EMBEDDING_ORIGINS: list.pipe(z.array(origin)).default([]),
  REQUESTS_PER_MINUTE: count.default(6000),
  ANONYMOUS_REQUESTS_PER_MINUTE: count.default(600),
  CONNECTIONS_PER_ADDRESS: count.default(1000),
  REQUEST_COUNTS: z.enum(['process', 'database'], { error: 'must be process or database' }).optional(),
  CLIENT_PROCESSOR_PERCENT: z
    .union(
      [z.literal('off').transform(() => null), z.coerce.number().int().min(1).max(100)],
      'must be a number from 1 to 100, or off',
    )
    .default(25),
  OPERATION_TIMEOUT_SECONDS: z.coerce.number('must be a number').int().min(1).max(600).default(30),
  TRUSTED_DOCUMENTS_FILE: z.string().min(1).optional(),
  TRUSTED_DOCUMENTS_ONLY: z.enum(['on', 'off'], { error: 'must be on or off' }).default('off'),
  GRAPHIQL: z.enum(['on', 'off'], { error: 'must be on or off' }).optional(),
  CORS_ORIGINS: list.pipe(z.array(origin)).default([]),
  LOG_LEVEL: z.enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` }).default('info'),
});

export type Settings = z.infer<typeof settings>;

/**
 * Parses the environment. Throws one StartupError that names every faulty variable; an empty variable counts as left out.
 * `readFile` reads the files that settings name.
 */
export function parseConfig(environment: Environment, readFile: (path: string) => string): Config {
  const given: Record<string, string | undefined> = Object.fromEntries(
    Object.keys(settings.shape).flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
  if (given.ENCRYPTION_KEY === undefined && given.ENCRYPTION_KEY_FILE !== undefined) {
    given.ENCRYPTION_KEY = readKeyFile(given.ENCRYPTION_KEY_FILE, readFile);
  }
  const parsed = settings.safeParse(given);
  if (!parsed.success) {
    throw toStartupError(parsed.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`));
  }
  const faults = findContradictions(parsed.data);
  const banks = parsed.data.BANKS_FILE ? parseBanksFile(parsed.data.BANKS_FILE, readFile) : null;
  if (banks && 'faults' in banks) faults.push(...banks.faults);
  const { TRUSTED_DOCUMENTS_FILE: trustedFile } = parsed.data;
  const trusted = trustedFile === undefined ? noDocuments : parseTrustedDocuments(trustedFile, readFile);
  if ('faults' in trusted) faults.push(...trusted.faults);
  if (faults.length > 0) throw toStartupError(faults);
  const documents = 'documents' in trusted ? trusted.documents : new Map();
  return {
    ...toConfig(parsed.data, banks && 'entries' in banks ? banks.entries : null),
    trustedDocuments: { documents, only: parsed.data.TRUSTED_DOCUMENTS_ONLY === 'on' },
  };
}

// A secret that is mounted as a file: one key a line.
function readKeyFile(path: string, readFile: (path: string) => string): string {
  try {
    return readFile(path).trim().split(/\s+/).join(',');
  } catch (cause) {
    throw new StartupError(`ENCRYPTION_KEY_FILE: cannot read ${path}.`, { cause });
  }
}

const loopbackNetworks = ['127.0.0.0/8', '::1/128'];

const noDocuments = { documents: new Map<string, string>() };

function toConfig(given: Settings, banks: BankEntry[] | null): Omit<Config, 'trustedDocuments'> {
  const embedded = given.DATABASE_URL === undefined;
  return {
    port: given.PORT,
    host: given.HOST,
    publicUrl: given.PUBLIC_URL ?? null,
    dataDir: given.DATA_DIR,
    databaseUrl: wrap(given.DATABASE_URL),
    mongodbUrl: wrap(given.MONGODB_URL),
    bootstrapApiKey: wrap(given.BOOTSTRAP_API_KEY),
    encryptionKeys: given.ENCRYPTION_KEY?.map((key) => new Secret(key)) ?? null,
    sandboxBankPort: effectiveSandboxBankPort(given),
    banks,
    syncLanes: given.SYNC_LANES,
    retentionDays: given.RETENTION_DAYS,
    auditRetentionDays: given.AUDIT_RETENTION_DAYS,
    role: given.ROLE,
    webhookNetworksNamed: given.WEBHOOK_ALLOWED_NETWORKS !== undefined,
    webhookAllowedNetworks: given.WEBHOOK_ALLOWED_NETWORKS ?? (embedded ? loopbackNetworks : []),
    webhookClientCertificate: toCertificateFiles(given),
    embeddingOrigins: given.EMBEDDING_ORIGINS,
    requestsPerMinute: given.REQUESTS_PER_MINUTE,
    requestCounts: given.REQUEST_COUNTS ?? (embedded ? 'process' : 'database'),
    clientProcessorPercent: given.CLIENT_PROCESSOR_PERCENT,
    anonymousRequestsPerMinute: given.ANONYMOUS_REQUESTS_PER_MINUTE,
    connectionsPerAddress: given.CONNECTIONS_PER_ADDRESS,
    operationTimeoutSeconds: given.OPERATION_TIMEOUT_SECONDS,
    graphiql: given.GRAPHIQL === undefined ? embedded : given.GRAPHIQL === 'on',
    corsOrigins: given.CORS_ORIGINS,
    logLevel: given.LOG_LEVEL,
  };
}

function toCertificateFiles({
  WEBHOOK_CLIENT_CERTIFICATE_FILE: certificateFile,
  WEBHOOK_CLIENT_KEY_FILE: privateKeyFile,
}: Settings): Config['webhookClientCertificate'] {
  return certificateFile && privateKeyFile ? { certificateFile, privateKeyFile } : null;
}

function wrap(value: string | undefined): Secret | null {
  return value === undefined ? null : new Secret(value);
}

function toStartupError(faults: string[]): StartupError {
  return new StartupError(`These settings cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
}
