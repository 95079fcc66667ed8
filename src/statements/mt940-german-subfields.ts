import type { JsonObject } from '../domain/field-table.ts';
import { joinLines, toFlowingText, toUnbrokenReference, wrapMark } from './mt940-fields.ts';
import type { PaymentInformation } from './payment-information.ts';
import { type Direction, toBic, toIban, toReference, toText } from './written-values.ts';

/** Of each subfield of purpose and of name. */
const subfieldWidth = 27;

/**
 * `166?00GUTSCHRIFT…`: three digits of business transaction code, then subfields, each behind the same sign and two
 * digits.
 */
const startPattern = /^(\d{3})?([^A-Za-z0-9\s/])(?:00|10|2\d|3[0-4]|6[0-3])/;

const tagNames = [
  ...['EREF', 'KREF', 'MREF', 'CRED', 'DEBT', 'SVWZ', 'ABWA', 'ABWE', 'IBAN', 'BIC'],
  ...['COAM', 'OAMT', 'PURP', 'BREF', 'RREF'],
];
/**
 * `EREF+` wherever it stands, also cut by a line's end; `EREF: `, as the cooperative banks write it, at the start of a
 * line.
 */
const tagPattern = (() => {
  const cut = `[\\n${wrapMark}]?`;
  const spelled = tagNames.map((name) => [...name].join(cut)).join('|');
  return new RegExp(`(?<![A-Za-z0-9])(${spelled})${cut}\\+|(?<=^|[\\n${wrapMark}])(${tagNames.join('|')}): `, 'g');
})();

/**
 * Reads the form of the German banks' agreement on remote data transmission (Anlage 3 DFÜ-Abkommen), which Austrian,
 * Polish and other banks use with other separators; null for a text of another form.
 */
export function parseGermanSubfields(value: string, direction: Direction): PaymentInformation | null {
  // Line breaks are of the file alone: they stand anywhere, in the middle of a subfield's code too.
  const text = value.replaceAll('\n', '');
  const [, businessCode, separator] = startPattern.exec(text) ?? [];
  if (!separator) return null;
  const subfields = splitSubfields(text, separator);
  const purpose = parsePurpose([...rangeOf(subfields, 20, 29), ...rangeOf(subfields, 60, 63)]);
  const [ultimate, own] = ultimateTags[direction];
  return {
    values: {
      ...toAccount(subfields, purpose),
      counterpartyName: toText(toFlowingText(joinLines(rangeOf(subfields, 32, 33), subfieldWidth))),
      ultimateCounterpartyName: purpose.text(ultimate),
      remittanceInformation: purpose.remittance,
      endToEndId: purpose.reference('EREF'),
      mandateId: purpose.reference('MREF'),
      creditorId: purpose.compact('CRED'),
      purposeCode: purpose.compact('PURP'),
      additionalInformation: toText(subfields.get(0)),
    },
    codes: [businessCode, toReference(subfields.get(10))].filter((code) => typeof code === 'string'),
    otherFields: toOtherFields(subfields, purpose, own),
  };
}

/**
 * Who stands behind the payer and behind the payee: the one on the other side is the counterparty's, the other the
 * account owner's.
 */
const ultimateTags = { credit: ['ABWA', 'ABWE'], debit: ['ABWE', 'ABWA'] } as const;

/** `?30` and `?31` are bank code and account number where they are not BIC and IBAN. */
function toAccount(subfields: ReadonlyMap<number, string>, purpose: Purpose) {
  const iban = toIban(subfields.get(31)) ?? toIban(purpose.compact('IBAN'));
  const bban = iban ? null : toReference(subfields.get(31));
  return {
    counterpartyIban: iban,
    counterpartyAccount: iban || bban ? { iban, bban, maskedPan: null, other: null } : null,
    counterpartyBic: toBic(subfields.get(30)) ?? toBic(purpose.compact('BIC')),
  };
}

function toOtherFields(subfields: ReadonlyMap<number, string>, purpose: Purpose, own: string): JsonObject {
  const bank = subfields.get(30);
  const found: Record<string, string | null> = {
    counterpartyBankCode: toBic(bank) ? null : toReference(bank),
    returnCode: toReference(subfields.get(34)),
    customerReference: purpose.reference('KREF'),
    debtorId: purpose.compact('DEBT'),
    ultimateOwnName: purpose.text(own),
    compensationAmount: purpose.text('COAM'),
    originalAmount: purpose.text('OAMT'),
    bankReference: purpose.reference('BREF'),
    returnReference: purpose.reference('RREF'),
  };
  return Object.fromEntries(Object.entries(found).filter(([, text]) => text !== null));
}

/** By number. A separator that no known number follows belongs to the text. */
function splitSubfields(text: string, separator: string): Map<number, string> {
  const subfields = new Map<number, string>();
  const pattern = new RegExp(`\\${separator}(00|10|2\\d|3[0-4]|6[0-3])`, 'g');
  const starts = [...text.matchAll(pattern)];
  for (const [i, match] of starts.entries()) {
    const number = Number(match[1]);
    const content = text.slice(match.index + match[0].length, starts[i + 1]?.index);
    subfields.set(number, (subfields.get(number) ?? '') + content);
  }
  return subfields;
}

function rangeOf(subfields: ReadonlyMap<number, string>, first: number, last: number): string[] {
  const contents: string[] = [];
  for (let number = first; number <= last; number++) {
    const content = subfields.get(number);
    if (content) contents.push(content);
  }
  return contents;
}

type Purpose = ReturnType<typeof parsePurpose>;

/**
 * What SEPA's tags name in the purpose; what stands before the first tag is the payer's text, as is all of it where
 * there is none.
 */
function parsePurpose(lines: readonly string[]) {
  const joined = joinLines(lines, subfieldWidth);
  const tags = [...joined.matchAll(tagPattern)];
  const contents = new Map<string, string>();
  for (const [i, match] of tags.entries()) {
    const name = toUnbrokenReference(match[1] ?? match[2] ?? '');
    const content = joined.slice(match.index + match[0].length, tags[i + 1]?.index);
    if (name === 'SVWZ' || !contents.has(name)) contents.set(name, (contents.get(name) ?? '') + content);
  }
  const before = joined.slice(0, tags[0]?.index ?? joined.length);
  return {
    remittance: toText(toFlowingText(`${before}\n${contents.get('SVWZ') ?? ''}`)),
    text: (name: string) => toReference(toFlowingText(contents.get(name) ?? '')),
    reference: (name: string) => toReference(toUnbrokenReference(contents.get(name) ?? '')),
    /** Of what has no blanks. */
    compact: (name: string) => toReference(toUnbrokenReference(contents.get(name) ?? '').replace(/\s/g, '')),
  };
}
