import { absentValues, type JsonObject } from '../domain/field-table.ts';
import { type FetchedTransaction, transactionFields } from '../domain/transaction-fields.ts';
import { toPaymentInformation } from './mt940-information.ts';
import { parseStatementLine, type StatementLine } from './mt940-statement-line.ts';
import { type Statement, UnreadableValue } from './statement-reading.ts';
import { toSignedMoney } from './written-values.ts';

const absent = absentValues(transactionFields);

interface Entry {
  /** `:61:` */
  line: string;
  /** `:86:`; empty where there is none. */
  information: string;
  statement: Pick<Statement, 'format' | 'account'>;
}

/** Throws UnreadableValue where side, amount or currency cannot be read. */
export function toMt940Row({ line, information, statement }: Entry): FetchedTransaction {
  const read = parseStatementLine(line);
  const { currency } = statement.account;
  if (!currency) throw new UnreadableValue('', 'currency_missing');
  const { values, codes, otherFields } = toPaymentInformation(information, read.direction);
  const isBooked = statement.format === 'mt940';
  const code = [read.transactionType, ...codes].filter((part) => part !== null).join('+');
  const others = { ...otherFields, ...toLineOtherFields(read, isBooked) };
  return {
    ...absent,
    ...values,
    status: isBooked ? 'BOOKED' : 'PENDING',
    amount: toSignedMoney(read.amount, currency, read.direction),
    bookingDate: isBooked ? read.entryDate : null,
    valueDate: read.valueDate,
    // As German banks write it in camt: NTRF+166+9310, of type, business transaction code and prima nota.
    proprietaryBankTransactionCode: code || null,
    originalAmount: read.original && toSignedMoney(read.original.amount, read.original.currency, read.direction),
    exchangeRate: read.exchangeRate,
    bankTransactionId: read.bankReference,
    otherFields: Object.keys(others).length > 0 ? others : null,
  };
}

function toLineOtherFields(line: StatementLine, isBooked: boolean): JsonObject {
  return {
    ...(line.customerReference && { customerReference: line.customerReference }),
    ...(line.supplement && { supplementaryDetails: line.supplement }),
    ...(line.isReversal && { reversal: true }),
    ...(line.isExpected && { expected: true }),
    ...(!isBooked && line.entryDate && { expectedBookingDate: line.entryDate }),
  };
}
