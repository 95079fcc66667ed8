import { parseCodewords } from './mt940-codewords.ts';
import { joinLines, toFlowingText } from './mt940-fields.ts';
import { parseGermanSubfields } from './mt940-german-subfields.ts';
import type { PaymentInformation } from './payment-information.ts';
import { type Direction, toText } from './written-values.ts';

/** Lines of plain text and of the form with codewords have 65 characters. */
const lineWidth = 65;

/**
 * Reads `:86:` by its form: the German one (`166?00…?20…`, with whatever separator), the one with codewords
 * (`/EREF/…/REMI/…`), or plain text, which is what the payer wrote.
 */
export function toPaymentInformation(value: string, direction: Direction): PaymentInformation {
  const german = parseGermanSubfields(value, direction);
  if (german) return german;
  const joined = joinLines(value.split('\n'), lineWidth);
  const codewords = parseCodewords(toFlowingText(joined), direction);
  return codewords ?? { values: { remittanceInformation: toText(toFlowingText(joined)) }, codes: [], otherFields: {} };
}
