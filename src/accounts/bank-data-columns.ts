import { accountFields } from '../domain/account-fields.ts';
import { balanceFields } from '../domain/balance-fields.ts';
import { transactionFields, transactionRecordFields } from '../domain/transaction-fields.ts';
import { createFieldColumns } from '../storage/field-columns.ts';

/** The columns of `transactions`, `accounts` and `balance_changes` that hold what a bank says. */
export const transactionColumns = createFieldColumns(transactionFields);
export const transactionRecordColumns = createFieldColumns(transactionRecordFields);
export const accountColumns = createFieldColumns(accountFields);
export const balanceColumns = createFieldColumns(balanceFields);
