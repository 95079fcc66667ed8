import { findCurrency, isBalanceTag, toMt940Account, toMt940Balance } from './mt940-account.ts';
import { toMt940Row } from './mt940-entry.ts';
import { endOfMessage, type Mt940Field, readMt940Fields } from './mt940-fields.ts';
import {
  createReading,
  maxTextLength,
  type ReadingInProgress,
  type Statement,
  StatementError,
  type StatementReading,
} from './statement-reading.ts';

/** Fields that only a statement has: without any of them a message is another one (`:20:` begins them all). */
const fieldsOfStatements = /^(25P?|28C?|34F|6[0125][FM]?|64)$/;

/**
 * Reads MT940 and MT942 of SWIFT, one or many messages, with `:86:` in the German form, with codewords, or as plain
 * text.
 *
 * Rows of MT940 are booked. Rows of MT942 are pending, also those not marked as expected (`EC`, `ED`): it reports on a
 * day that is not over, German banks put into it what is noted and not yet booked, and whatever is booked comes again
 * in an MT940. Taken for pending, a booked row is put right by the statement that follows; taken for booked, one that
 * the bank drops would stay for ever.
 *
 * The text is decoded already. Throws StatementError for a text of which nothing can be used, and nothing else.
 */
export function readMt940(text: string): StatementReading {
  if (text.length > maxTextLength) throw new StatementError('too_large');
  const progress = createReading();
  let message: MessageInProgress | null = null;
  for (const field of readMt940Fields(text)) {
    const isNext = field.tag === endOfMessage || field.tag === '20' || (field.tag === '25' && message?.hasAccount());
    if (isNext) {
      message?.close();
      message = null;
    }
    if (!message && fieldsOfStatements.test(field.tag)) message = openMessage(progress);
    message?.addField(field);
  }
  message?.close();
  if (progress.reading.statements.length === 0) throw new StatementError('not_a_statement');
  return progress.reading;
}

type MessageInProgress = ReturnType<typeof openMessage>;

function openMessage({ reading, attempt, attemptRows, note, openStatement }: ReadingInProgress) {
  const statement: Statement = openStatement('mt940');
  const path = `statements.${reading.statements.length - 1}`;
  let line: string | null = null;
  let information: string[] = [];
  let entryCount = 0;
  let [hasAccount, hasOpening, hasClosing] = [false, false, false];

  /** An entry is whole when the field behind its `:86:` comes. */
  function endEntry(): void {
    if (line === null) return;
    const entry = { line, information: information.join('\n'), statement };
    attemptRows(`${path}.entries.${entryCount++}.:61:`, statement, () => [toMt940Row(entry)]);
    line = null;
    information = [];
  }

  function addBalance({ tag, value }: Mt940Field): void {
    hasOpening ||= tag.startsWith('60');
    hasClosing ||= tag.startsWith('62');
    if (tag.startsWith('60')) statement.format = 'mt940';
    statement.account.currency ??= findCurrency(value);
    const balance = attempt(`${path}.:${tag}:`, () => toMt940Balance(tag, value));
    if (balance) statement.balances.push(balance);
  }

  function addField(field: Mt940Field): void {
    const { tag, value } = field;
    // Behind a balance, `:86:` speaks of the statement and of no entry.
    if (tag === '86') {
      if (line !== null) information.push(value);
      return;
    }
    endEntry();
    if (tag === '61') {
      line = value;
    } else if (tag === '25' || tag === '25P') {
      hasAccount = true;
      statement.account = toMt940Account(value);
    } else if (isBalanceTag(tag)) {
      addBalance(field);
    } else if (tag === '34F') {
      // The floor limit: only interim reports have one, and it alone says their currency.
      if (!hasOpening) statement.format = 'mt942';
      statement.account.currency ??= findCurrency(value);
    }
  }

  return {
    hasAccount: () => hasAccount,
    addField,
    close(): void {
      endEntry();
      if (statement.format === 'mt942' || hasClosing) return;
      note(`${path}.:62F:`, 'closing_balance_missing');
      reading.complete = false;
    },
  };
}
