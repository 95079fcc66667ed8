import { toCamtAccount, toCamtBalance } from './camt-account.ts';
import { createDetailList } from './camt-detail-list.ts';
import { toCamtRows } from './camt-entry.ts';
import {
  createReading,
  maxTextLength,
  type Statement,
  StatementError,
  type StatementFormat,
  type StatementReading,
  UnreadableValue,
} from './statement-reading.ts';
import { scanXml, type XmlConsumer, type XmlElement } from './xml-scan.ts';

/** The element of a message, and what one statement is called in it. */
const messages: ReadonlyMap<string, { format: StatementFormat; statement: string }> = new Map([
  ['BkToCstmrAcctRpt', { format: 'camt.052', statement: 'Rpt' }],
  ['BkToCstmrStmt', { format: 'camt.053', statement: 'Stmt' }],
  ['BkToCstmrDbtCdtNtfctn', { format: 'camt.054', statement: 'Ntfctn' }],
]);

/**
 * Reads camt.052, camt.053 and camt.054 of ISO 20022, whatever their version, namespace or prefix: they differ in a few
 * wrappers, which are looked through. Entries of status INFO are no money and are passed over. An entry that stands for
 * several payments becomes one row each where their amounts add up to the entry's, else one row.
 *
 * Throws StatementError for a text of which nothing can be used, and nothing else.
 */
export function readCamt(text: string): StatementReading {
  if (text.length > maxTextLength) throw new StatementError('too_large');
  const progress = createReading();
  let format: StatementFormat | null = null;
  let statementName: string | null = null;
  let current: StatementInProgress | null = null;

  const consumer: XmlConsumer = {
    onOpen(name, parent) {
      const message = messages.get(name);
      if (message && !current) {
        format = message.format;
        statementName = message.statement;
      } else if (format && name === statementName && parent !== null && messages.has(parent)) {
        current = createStatement(progress.openStatement(format));
      } else if (current && parent === statementName) {
        current.beginElement();
        return name === 'Acct' || name === 'Bal' || name === 'Ntry' ? 'keep' : 'pass';
      }
      return 'pass';
    },
    onClose(name) {
      if (name === statementName) current = null;
    },
    onPart: (part) => current?.addDetail(part),
    onElement: (element, damage) => current?.addElement(element, damage),
  };
  const { complete } = scanXml(text.replace(/^\s+/, ''), 'TxDtls', consumer);
  if (!format) throw new StatementError('not_a_statement');
  progress.reading.complete &&= complete;
  return progress.reading;

  function createStatement(statement: Statement): StatementInProgress {
    return createStatementInProgress(statement, `statements.${progress.reading.statements.length - 1}`, progress);
  }
}

type StatementInProgress = ReturnType<typeof createStatementInProgress>;

function createStatementInProgress(
  statement: Statement,
  path: string,
  { attempt, attemptRows }: ReturnType<typeof createReading>,
) {
  const details = createDetailList();
  let entryCount = 0;
  let balanceCount = 0;

  return {
    beginElement: details.clear,

    addDetail: details.add,

    addElement(element: XmlElement, damage: string | null): void {
      const assertSound = () => {
        if (damage) throw new UnreadableValue('', damage);
      };
      if (element.name === 'Ntry') {
        attemptRows(`${path}.Ntry.${entryCount++}`, statement, () => {
          assertSound();
          return toCamtRows({ element, details: details.take(), statement });
        });
      } else if (element.name === 'Bal') {
        const balance = attempt(`${path}.Bal.${balanceCount++}`, () => {
          assertSound();
          return toCamtBalance(element, statement.account.currency);
        });
        if (balance) statement.balances.push(balance);
      } else {
        attempt(`${path}.Acct`, () => {
          assertSound();
          statement.account = toCamtAccount(element);
        });
      }
    },
  };
}
