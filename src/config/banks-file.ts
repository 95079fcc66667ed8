import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import type { BankEntry } from '../domain/bank-entry.ts';
import { Secret } from '../domain/secret.ts';
import { type BankFileEntry, bankFile } from './bank-file-entry.ts';

/** Days since the last SCA: RTS Art. 10a in the EEA; in the United Kingdom the end user confirms the consent as often. */
const scaValidityDaysByCountry: Readonly<Record<string, number>> = { GB: 90 };
const usualScaValidityDays = 180;

export type BanksFile = { entries: BankEntry[] } | { faults: string[] };

/**
 * Reads the operator's list of banks: a JSON array. Paths of certificates, keys and secrets are relative to the file. Every fault is
 * reported at once, each beginning with BANKS_FILE, where in the list it is, and the bank's id where it has one.
 */
export function parseBanksFile(path: string, readFile: (path: string) => string): BanksFile {
  let content: unknown;
  try {
    content = JSON.parse(readFile(path));
  } catch (error) {
    return { faults: [`BANKS_FILE: ${path} cannot be read as JSON: ${(error as Error).message}`] };
  }
  const parsed = bankFile.safeParse(content);
  if (!parsed.success) return { faults: parsed.error.issues.map((issue) => toFault(issue, content)) };
  const faults: string[] = [];
  const seen = new Set<string>();
  const entries = parsed.data.map((entry, i): BankEntry => {
    if (seen.has(entry.id)) faults.push(`BANKS_FILE: ${i}.id: ${entry.id} is listed twice`);
    seen.add(entry.id);
    return toBankEntry(entry, (file) => {
      try {
        return readFile(resolve(dirname(path), file));
      } catch (error) {
        faults.push(`BANKS_FILE: ${i} (${entry.id}): ${(error as Error).message}`);
        return '';
      }
    });
  });
  return faults.length > 0 ? { faults } : { entries };
}

function toFault({ path, message }: z.core.$ZodIssue, content: unknown): string {
  const entry = Array.isArray(content) ? (content[Number(path[0])] as { id?: unknown } | undefined) : undefined;
  const bank = typeof entry?.id === 'string' ? ` (${entry.id})` : '';
  return `BANKS_FILE: ${path.join('.')}${bank}: ${message}`;
}

type Read = (file: string) => string;

function toBankEntry(entry: BankFileEntry, read: Read): BankEntry {
  const { clientCertificate, signingCertificate, certificateAuthorityFile, passwordKeyFile, ...rest } = entry;
  const readPair = (pair: NonNullable<BankFileEntry['clientCertificate']>) => ({
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
    oauth: entry.oauth ? toOAuth(entry.oauth, read) : null,
    psuIdType: entry.psuIdType ?? null,
    psuCorporateIdType: entry.psuCorporateIdType ?? null,
    headers: toHeaders(entry.headers, read),
    signedHeaders: entry.signedHeaders ?? null,
    historyDays: entry.historyDays ?? null,
    passwordKey: passwordKeyFile ? read(passwordKeyFile) : null,
  };
}

function toOAuth(oauth: NonNullable<BankFileEntry['oauth']>, read: Read): NonNullable<BankEntry['oauth']> {
  return {
    clientId: oauth.clientId,
    clientSecret: oauth.clientSecretFile ? new Secret(read(oauth.clientSecretFile).trim()) : null,
    scope: oauth.scope ?? null,
    metadataUrl: oauth.metadataUrl ?? null,
    authorizationEndpoint: oauth.authorizationEndpoint ?? null,
    tokenEndpoint: oauth.tokenEndpoint ?? null,
    when: oauth.when,
  };
}

function toHeaders(headers: BankFileEntry['headers'], read: Read): BankEntry['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      new Secret(typeof value === 'string' ? value : read(value.file).trim()),
    ]),
  );
}
