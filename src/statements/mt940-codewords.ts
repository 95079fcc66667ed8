import type { JsonObject } from '../domain/field-table.ts';
import type { PaymentInformation } from './payment-information.ts';
import { type Direction, toBic, toDate, toIban, toReference, toText } from './written-values.ts';

const codewords = [
  ...['EREF', 'KREF', 'PREF', 'IREF', 'MARF', 'CSID', 'CNTP', 'REMI', 'ORDP', 'BENM', 'ULTC', 'ULTB', 'ULTD'],
  ...[
    'IBAN',
    'BIC',
    'NAME',
    'ADDR',
    'ID',
    'TRTP',
    'ISDT',
    'PURP',
    'RTRN',
    'SVCL',
    'TRCD',
    'BUSP',
    'CHGS',
    'OCMT',
    'EXCH',
  ],
];
const startPattern = new RegExp(`^\\s?/(?:${codewords.join('|')})/`);
const codewordPattern = new RegExp(`/(${codewords.join('|')})/`, 'g');

/** Their own name, account and bank follow them: `/ORDP//NAME/…/IBAN/…`. */
const parties = new Set(['ORDP', 'BENM', 'ULTC', 'ULTB', 'ULTD']);
const ofParties = new Set(['NAME', 'IBAN', 'BIC', 'ADDR', 'ID']);

/** Codewords that no column holds. */
const otherNames: Readonly<Record<string, string>> = {
  KREF: 'customerReference',
  PREF: 'paymentInformationId',
  IREF: 'instructionId',
  RTRN: 'returnReason',
  SVCL: 'serviceLevel',
  TRCD: 'transactionCode',
  CHGS: 'charges',
  OCMT: 'originalAmount',
  EXCH: 'exchangeRate',
};

/**
 * Reads the form that Dutch, Belgian and Nordic banks use: `/EREF/…/CNTP/account/BIC/name/city/REMI/USTD//…`; null for
 * a text of another form. The text has no line breaks where lines were full.
 */
export function parseCodewords(text: string, direction: Direction): PaymentInformation | null {
  if (!startPattern.test(text)) return null;
  const contents = splitCodewords(text);
  const get = (key: string) => toReference(contents.get(key));
  const [account, bic, name] = (contents.get('CNTP') ?? '').split('/');
  const party = direction === 'credit' ? 'ORDP' : 'BENM';
  const ultimate = direction === 'credit' ? 'ULTD' : 'ULTC';
  const written = toReference(account) ?? get(`${party}.IBAN`) ?? get('IBAN');
  const iban = toIban(written);

  const otherFields: JsonObject = {};
  for (const [codeword, name] of Object.entries(otherNames)) {
    const content = get(codeword);
    if (content) otherFields[name] = content;
  }
  return {
    values: {
      counterpartyName: toText(name) ?? get(`${party}.NAME`) ?? get('NAME'),
      counterpartyIban: iban,
      counterpartyAccount: written ? { iban, bban: null, maskedPan: null, other: iban ? null : written } : null,
      counterpartyBic: toBic(bic) ?? toBic(get(`${party}.BIC`)) ?? toBic(get('BIC')),
      ultimateCounterpartyName: get(`${ultimate}.NAME`) ?? get('ULTB.NAME') ?? get(ultimate),
      ...toRemittance(contents.get('REMI') ?? ''),
      endToEndId: get('EREF'),
      mandateId: get('MARF'),
      creditorId: get('CSID'),
      purposeCode: toReference(get('PURP')?.replace(/^CD\//, '')),
      transactionDate: toDate(get('ISDT')),
      additionalInformation: get('TRTP') ?? get('BUSP'),
    },
    codes: [],
    otherFields,
  };
}

/** `USTD//text`, or `STRD/CUR/reference` with the name of who issued it between. */
function toRemittance(content: string) {
  const [, structured] = /^STRD\/(?:[A-Z]{2,4}\/)?(.*)$/s.exec(content) ?? [];
  if (structured !== undefined) return { structuredReference: toReference(trimSlashes(structured)) };
  return { remittanceInformation: toText(trimSlashes(content.startsWith('USTD/') ? content.slice(5) : content)) };
}

function splitCodewords(text: string): Map<string, string> {
  const contents = new Map<string, string>();
  const starts = [...text.matchAll(codewordPattern)];
  let party = '';
  for (const [i, match] of starts.entries()) {
    const codeword = match[1] ?? '';
    const content = trimSlashes(text.slice(match.index + match[0].length, starts[i + 1]?.index));
    if (parties.has(codeword)) party = codeword;
    else if (!ofParties.has(codeword)) party = '';
    const key = party && ofParties.has(codeword) ? `${party}.${codeword}` : codeword;
    if (!contents.has(key)) contents.set(key, content);
  }
  return contents;
}

function trimSlashes(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && (text[start] === '/' || text[start] === ' ')) start++;
  while (end > start && (text[end - 1] === '/' || text[end - 1] === ' ')) end--;
  return text.slice(start, end);
}
