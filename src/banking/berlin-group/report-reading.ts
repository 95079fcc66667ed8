import type { StatementFormat } from '../../domain/bank-entry.ts';
import type { ReadingFault } from '../../domain/reading-fault.ts';
import type { FetchedTransaction } from '../../domain/transaction-fields.ts';
import { detectFormat, readStatement } from '../../statements/read-statement.ts';
import { StatementError, type StatementReading } from '../../statements/statement-reading.ts';
import { readMessageCodes } from './failure-mapping.ts';
import { parseJson } from './json-text.ts';
import { isRecord, type JsonRecord, toList, toText } from './json-values.ts';
import { splitMultipart } from './multipart.ts';
import { linksOf } from './reply-links.ts';
import { findStrangeContent, findStrangeList } from './strange-shape.ts';
import { type RowContext, readTransaction, UnreadableRow } from './transaction-reading.ts';

/** What a reply to the question for transactions says, in whatever format it came. */
export interface Report {
  transactions: FetchedTransaction[];
  faults: ReadingFault[];
  skippedRows: number;
  /** Null where there was nothing to be read. */
  format: StatementFormat | null;
  /** False for statements, of booked entries alone, whatever was asked for. */
  mayHavePending: boolean;
  /** False: the file breaks off. */
  complete: boolean;
  next: string | null;
  /** Where the report is instead, when it is not in the reply. */
  download: string | null;
}

/** Nothing of the reply can be used; the reason quotes nothing of it. */
export class UnreadableReport extends Error {}

export interface ReportContent {
  text: string;
  contentType: string | null;
}

const maxFaults = 1_000;

/** By content and not by label. Throws UnreadableReport. */
export function readReport({ text, contentType }: ReportContent, context: RowContext): Report {
  const content = text.trim();
  if (content === '') return { ...emptyReport(), mayHavePending: true };
  const parts = splitMultipart(text, contentType);
  if (parts) return readParts(parts, context);
  const json = /^[[{n]/.test(content) ? parseJson(content) : undefined;
  if (json !== undefined) return readJson(json, context);
  if (isWebPage(content)) throw new UnreadableReport('it is a web page');
  if (detectFormat(content)) return readFile(content, context);
  throw new UnreadableReport(
    content.startsWith('PK\u0003\u0004')
      ? 'it is a zip file, which is not read'
      : 'it is neither JSON nor camt nor MT940',
  );
}

function isWebPage(content: string): boolean {
  return /^<(?:!doctype\s+html|html)\b/i.test(content);
}

function emptyReport(): Report {
  return {
    transactions: [],
    faults: [],
    skippedRows: 0,
    format: null,
    mayHavePending: false,
    complete: true,
    next: null,
    download: null,
  };
}

/** One report in several parts, or the same in several formats: what is there as JSON is not read once more. */
function readParts(parts: readonly string[], context: RowContext): Report {
  const reports = parts.flatMap((text) => {
    try {
      return [readReport({ text, contentType: null }, context)];
    } catch (error) {
      if (error instanceof UnreadableReport) return [];
      throw error;
    }
  });
  if (reports.length === 0) throw new UnreadableReport('none of its parts is JSON, camt or MT940');
  const ofJson = reports.filter(({ format, transactions }) => format === 'json' && transactions.length > 0);
  const used = ofJson.length > 0 ? ofJson : reports;
  return {
    transactions: used.flatMap(({ transactions }) => transactions),
    faults: used.flatMap(({ faults }) => faults),
    skippedRows: used.reduce((sum, { skippedRows }) => sum + skippedRows, 0),
    format: used.find(({ format }) => format !== null)?.format ?? null,
    mayHavePending: used.some(({ mayHavePending }) => mayHavePending),
    complete: used.every(({ complete }) => complete) && reports.length === parts.length,
    next: reports.find(({ next }) => next !== null)?.next ?? null,
    download: null,
  };
}

function readJson(json: unknown, context: RowContext): Report {
  if (json === null) return { ...emptyReport(), mayHavePending: true };
  if (Array.isArray(json)) return readRows({ transactions: json }, context);
  if (!isRecord(json)) throw new UnreadableReport('it is JSON of another kind');
  const lists = json.transactions ?? json.cardTransactions;
  // An error that calls itself a success says nothing of the transactions.
  const [messageCode] = lists === undefined ? readMessageCodes(json) : [];
  if (messageCode) throw new UnreadableReport(`it is a success and says ${messageCode}`);
  refuseStrangeContent(json, lists);
  const links = { ...linksOf(json), ...linksOf(lists) };
  const report = readRows(
    hasLists(json) && lists === undefined ? { transactions: json } : { transactions: lists },
    context,
  );
  const isThere = report.transactions.length > 0 || report.skippedRows > 0;
  return { ...report, next: links.next ?? null, download: isThere ? null : (links.download ?? null) };
}

function refuseStrangeContent(json: JsonRecord, lists: unknown): void {
  let strange: string | null = null;
  if ((lists ?? null) === null && !hasLists(json)) strange = findStrangeContent(json);
  else if (isRecord(lists) && !hasLists(lists)) strange = findStrangeList(lists);
  if (strange !== null) throw new UnreadableReport(`it has no transactions, but something under '${strange}'`);
}

function hasLists(json: JsonRecord): boolean {
  return 'booked' in json || 'pending' in json;
}

/** `{ booked, pending }`, each a list, one row, or nothing; or one list of rows that say themselves what they are. */
function readRows({ transactions }: { transactions: unknown }, context: RowContext): Report {
  const report = { ...emptyReport(), format: 'json' as const, mayHavePending: true };
  const read = (rows: unknown, path: string, statusOf: (row: unknown) => FetchedTransaction['status']) => {
    // Some languages write an empty list as an empty object.
    const isNone = isRecord(rows) && Object.keys(rows).length === 0;
    toList(isNone ? null : rows).forEach((row, index) => {
      try {
        report.transactions.push(readTransaction(row, statusOf(row), context));
      } catch (error) {
        if (!(error instanceof UnreadableRow)) throw error;
        report.skippedRows++;
        const at = [`${path}.${index}`, error.field].filter(Boolean).join('.');
        if (report.faults.length < maxFaults) report.faults.push({ path: at, kind: error.kind });
      }
    });
  };
  if (isRecord(transactions)) {
    read(transactions.booked, 'transactions.booked', () => 'BOOKED');
    read(transactions.pending, 'transactions.pending', () => 'PENDING');
  } else {
    read(transactions, 'transactions', statusOfRow);
  }
  return report;
}

function statusOfRow(row: unknown): FetchedTransaction['status'] {
  const said = isRecord(row) ? (toText(row.bookingStatus) ?? toText(row.status) ?? '') : '';
  return /^(pending|pdng|open|reserved)$/i.test(said) ? 'PENDING' : 'BOOKED';
}

/** Of other accounts there may be statements in the same file: they are not this one's. */
function readFile(content: string, context: RowContext): Report {
  let file: StatementReading;
  try {
    file = readStatement(content);
  } catch (error) {
    if (error instanceof StatementError) throw new UnreadableReport(error.message);
    throw error;
  }
  const own = ofAccount(file.statements, context.iban);
  const transactions = own.flatMap((statement) => statement.transactions);
  const others = file.statements.length - own.length;
  return {
    ...emptyReport(),
    format: detectFormat(content) === 'mt940' ? 'mt940' : 'camt',
    transactions,
    faults: [...file.faults, ...(others > 0 ? [{ path: 'statements', kind: 'of_another_account' }] : [])],
    skippedRows: file.skippedRows,
    // Only these two are of a day that goes on.
    mayHavePending:
      own.some(({ format }) => format === 'camt.052' || format === 'mt942') ||
      transactions.some(({ status }) => status === 'PENDING'),
    complete: file.complete,
  };
}

type Account = StatementReading['statements'][number]['account'];

/**
 * The statements of the account that was asked for, as far as it can be told. A national number (what follows the check digits of an IBAN,
 * ISO 13616) is written in too many ways for another one to mean much, unless the file has ours besides.
 */
function ofAccount(statements: StatementReading['statements'], own: string | null): StatementReading['statements'] {
  if (own === null) return statements;
  const isNamed = ({ iban, bban }: Account): boolean => (iban ?? bban) !== null;
  const isOwn = ({ iban, bban }: Account): boolean => iban === own || (iban === null && bban === own.slice(4));
  const hasOwn = statements.some(({ account }) => isOwn(account));
  return statements.filter(({ account }) => !isNamed(account) || isOwn(account) || (account.iban === null && !hasOwn));
}
