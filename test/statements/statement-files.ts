import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StatementReading } from '../../src/statements/statement-reading.ts';

const folder = new URL('files/', import.meta.url);

export const statementFileNames = [
  'german-camt053-v02.xml',
  'austrian-camt053-v08.xml',
  'dutch-camt053-batch.xml',
  'nordic-camt052-v06.xml',
  'german-mt940.sta',
  'dutch-mt940.sta',
  'german-mt942.sta',
] as const;

/** A file in the shape that banks of the country give; all names and numbers are made up. */
export function readStatementFile(name: (typeof statementFileNames)[number]): string {
  return readFileSync(fileURLToPath(new URL(name, folder)), 'utf8');
}

/** The fields that are there: what a test has to spell out. */
export function present(values: object | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values ?? {}).filter(([, value]) => value !== null));
}

export function rowsOf(reading: StatementReading) {
  return reading.statements.flatMap(({ transactions }) => transactions);
}

/** `content` within a camt.053 of one statement of the account DE89370400440532013000 in EUR. */
export function camtOf(content: string, { version = '08' } = {}): string {
  return `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.${version}">
<BkToCstmrStmt><GrpHdr><MsgId>1</MsgId></GrpHdr><Stmt><Id>1</Id>
<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>${content}</Stmt></BkToCstmrStmt></Document>`;
}

/** An entry that is readable by itself; `content` comes behind what every entry has, and `replaced` in its stead. */
export function entryOf(content = '', replaced: Partial<Record<'Amt' | 'CdtDbtInd' | 'Sts' | 'BookgDt', string>> = {}) {
  const parts = {
    Amt: '<Amt Ccy="EUR">10.00</Amt>',
    CdtDbtInd: '<CdtDbtInd>CRDT</CdtDbtInd>',
    Sts: '<Sts><Cd>BOOK</Cd></Sts>',
    BookgDt: '<BookgDt><Dt>2026-11-20</Dt></BookgDt>',
    ...replaced,
  };
  return `<Ntry>${parts.Amt}${parts.CdtDbtInd}${parts.Sts}${parts.BookgDt}${content}</Ntry>`;
}

/** `entries` within an MT940 message of the account DE89370400440532013000 in EUR. */
export function mt940Of(entries: string): string {
  return `:20:1\n:25:DE89370400440532013000\n:28C:1/1\n:60F:C261119EUR0,00\n${entries}\n:62F:C261120EUR0,00\n-\n`;
}
