import type { JsonObject } from '../domain/field-table.ts';
import type { FetchedTransaction } from '../domain/transaction-fields.ts';

/** What field `:86:` says of a payment. */
export interface PaymentInformation {
  values: Partial<FetchedTransaction>;
  /** The business transaction code and the prima nota, of the German form. */
  codes: string[];
  otherFields: JsonObject;
}
