import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { type BankEntry, scaApproaches } from '../domain/bank-entry.ts';

const keyPair = z.strictObject({
  certificateFile: z.string(),
  privateKeyFile: z.string(),
  passphrase: z.string().optional(),
});

const bankEntry = z.strictObject({
  id: z.string().regex(/^bank_[a-z0-9_]+$/, 'must look like bank_example'),
  name: z.string().min(1),
  bic: z
    .string()
    .regex(/^[A-Z0-9]{8}([A-Z0-9]{3})?$/, 'must be a BIC')
    .optional(),
  bankCode: z.string().optional(),
  country: z.string().regex(/^[A-Z]{2}$/, 'must be a country code such as DE'),
  baseUrl: z.url({ protocol: /^https?$/ }),
  preferredApproach: z.enum(scaApproaches).default('redirect'),
  scaValidityDays: z.number().int().positive().max(3_650).optional(),
  ownIpAddress: z.ipv4('must be an IPv4 address').optional(),
  clientCertificate: keyPair.optional(),
  signingCertificate: keyPair.extend({ keyId: z.string() }).optional(),
  certificateAuthorityFile: z.string().optional(),
});

/** Days since the last SCA: RTS Art. 10a in the EEA; in the United Kingdom the end user confirms the consent as often. */
const scaValidityDaysByCountry: Readonly<Record<string, number>> = { GB: 90 };
const usualScaValidityDays = 180;

export type BanksFile = { entries: BankEntry[] } | { faults: string[] };

/**
 * Reads the operator's list of banks: a JSON array. Paths of certificates are relative to the file. Every fault is
 * reported at once, each beginning with BANKS_FILE and where in the list it is.
 */
export function parseBanksFile(path: string, readFile: (path: string) => string): BanksFile {
  let content: unknown;
  try {
    content = JSON.parse(readFile(path));
  } catch (error) {
    return { faults: [`BANKS_FILE: ${path} cannot be read as JSON: ${(error as Error).message}`] };
  }
  const parsed = z.array(bankEntry).min(1, 'must list a bank').safeParse(content);
  if (!parsed.success) {
    return { faults: parsed.error.issues.map((issue) => `BANKS_FILE: ${issue.path.join('.')}: ${issue.message}`) };
  }
  const faults: string[] = [];
  const read = (file: string, where: string): string => {
    try {
      return readFile(resolve(dirname(path), file));
    } catch (error) {
      faults.push(`BANKS_FILE: ${where}: ${(error as Error).message}`);
      return '';
    }
  };
  const seen = new Set<string>();
  const entries = parsed.data.map((entry, i): BankEntry => {
    if (seen.has(entry.id)) faults.push(`BANKS_FILE: ${i}.id: ${entry.id} is listed twice`);
    seen.add(entry.id);
    return toBankEntry(entry, (file) => read(file, String(i)));
  });
  return faults.length > 0 ? { faults } : { entries };
}

function toBankEntry(entry: z.infer<typeof bankEntry>, read: (file: string) => string): BankEntry {
  const { clientCertificate, signingCertificate, certificateAuthorityFile, ...rest } = entry;
  const readPair = (pair: z.infer<typeof keyPair>) => ({
    certificate: read(pair.certificateFile),
    privateKey: read(pair.privateKeyFile),
    passphrase: pair.passphrase ?? null,
  });
  return {
    ...rest,
    bic: entry.bic ?? null,
    bankCode: entry.bankCode ?? null,
    scaValidityDays: entry.scaValidityDays ?? scaValidityDaysByCountry[entry.country] ?? usualScaValidityDays,
    baseUrl: entry.baseUrl.replace(/\/+$/, ''),
    ownIpAddress: entry.ownIpAddress ?? null,
    clientCertificate: clientCertificate ? readPair(clientCertificate) : null,
    signingCertificate: signingCertificate
      ? { ...readPair(signingCertificate), keyId: signingCertificate.keyId }
      : null,
    certificateAuthority: certificateAuthorityFile ? read(certificateAuthorityFile) : null,
  };
}
