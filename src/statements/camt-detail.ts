import type { AccountIdentification, JsonObject } from '../domain/field-table.ts';
import type { FetchedTransaction } from '../domain/transaction-fields.ts';
import { toBoolean, toDirection } from './camt-account.ts';
import { type Direction, toBic, toCurrency, toDate, toDecimal, toIban, toReference, toText } from './written-values.ts';
import { findElement, findText, type XmlElement } from './xml-scan.ts';

/**
 * What an entry's `TxDtls` says of one payment. Its amount has no sign where `direction` is null: it is the entry's
 * then.
 */
export interface CamtDetail {
  amount: string | null;
  currency: string | null;
  direction: Direction | null;
  original: { amount: string; currency: string } | null;
  debtor: CamtParty;
  creditor: CamtParty;
  /** Those of a transaction's fields that do not hang on its side, where they are there. */
  values: Partial<FetchedTransaction>;
  otherFields: JsonObject;
}

export interface CamtParty {
  name: string | null;
  account: AccountIdentification | null;
  bic: string | null;
  ultimateName: string | null;
}

export function toCamtDetail(element: XmlElement): CamtDetail {
  const amounts = findElement(element, 'AmtDtls');
  const amount = findElement(element, 'Amt') ?? findElement(amounts, 'TxAmt', 'Amt');
  return {
    amount: toDecimal(amount?.text),
    currency: toCurrency(amount?.currency),
    direction: toDirection(findText(element, 'CdtDbtInd')),
    original: toOriginalAmount(amounts),
    debtor: toParty(element, 'Dbtr'),
    creditor: toParty(element, 'Cdtr'),
    values: present({
      ...toReferences(element),
      ...toRemittance(element),
      exchangeRate: toExchangeRate(amounts),
      bankTransactionCode: toBankTransactionCode(element),
      proprietaryBankTransactionCode: toText(findText(element, 'BkTxCd', 'Prtry', 'Cd')),
      purposeCode: toText(findText(element, 'Purp', 'Cd')),
      transactionDate: toDate(findText(element, 'RltdDts', 'TxDtTm') ?? findText(element, 'RltdDts', 'AccptncDtTm')),
    }),
    otherFields: toOtherFields(element),
  };
}

function toReferences(element: XmlElement): Partial<FetchedTransaction> {
  const references = findElement(element, 'Refs');
  return {
    bankTransactionId: toReference(findText(references, 'AcctSvcrRef')),
    endToEndId: toReference(findText(references, 'EndToEndId')),
    mandateId: toReference(findText(references, 'MndtId')),
    creditorId: toCreditorId(element),
  };
}

/** The creditor's identification under the SEPA scheme; others, such as a tax number, are not it. */
function toCreditorId(element: XmlElement): string | null {
  const identity = findElement(toPartyElement(findElement(element, 'RltdPties', 'Cdtr')), 'Id');
  const ids = ['PrvtId', 'OrgId'].flatMap(
    (kind) => findElement(identity, kind)?.children.filter(({ name }) => name === 'Othr') ?? [],
  );
  const hasScheme = (id: XmlElement) => findText(id, 'SchmeNm', 'Prtry') === 'SEPA';
  const hasShape = (id: XmlElement) => /^[A-Z]{2}\d{2}[A-Z0-9]{3}[A-Z0-9]{1,28}$/.test(findText(id, 'Id') ?? '');
  return toReference(findText(ids.find(hasScheme) ?? ids.find(hasShape) ?? null, 'Id'));
}

/** Several lines are one text; a structured reference has a column of its own. */
function toRemittance(element: XmlElement): Partial<FetchedTransaction> {
  const remittance = findElement(element, 'RmtInf');
  const lines = remittance?.children.filter(({ name }) => name === 'Ustrd').map(({ text }) => text.trim()) ?? [];
  const structured = findElement(remittance, 'Strd');
  const reference = findElement(structured, 'CdtrRefInf');
  return {
    remittanceInformation: toText(lines.join(' ')) ?? toText(findText(structured, 'AddtlRmtInf')),
    structuredReference: toReference(findText(reference, 'Ref') ?? findText(reference, 'CdtrRef')),
    additionalInformation: toText(findText(element, 'AddtlTxInf')),
  };
}

/** `PMNT-RCDT-ESCT`, of an entry or of a detail; null when it is not complete. */
export function toBankTransactionCode(element: XmlElement): string | null {
  const domain = findElement(element, 'BkTxCd', 'Domn');
  const codes = [findText(domain, 'Cd'), findText(domain, 'Fmly', 'Cd'), findText(domain, 'Fmly', 'SubFmlyCd')];
  return codes.every((code) => code !== null) ? toText(codes.join('-')) : null;
}

/** What was asked for in another currency, of an entry or of a detail. */
export function toOriginalAmount(amounts: XmlElement | null): CamtDetail['original'] {
  const element = findElement(amounts, 'InstdAmt', 'Amt');
  const amount = toDecimal(element?.text);
  const currency = toCurrency(element?.currency);
  return amount && currency ? { amount, currency } : null;
}

export function toExchangeRate(amounts: XmlElement | null): string | null {
  const rates = ['TxAmt', 'InstdAmt', 'CntrValAmt'].map((name) => findText(amounts, name, 'CcyXchg', 'XchgRate'));
  return toDecimal(rates.find((rate) => rate !== null) ?? null, 10);
}

function toParty(element: XmlElement, role: 'Dbtr' | 'Cdtr'): CamtParty {
  const parties = findElement(element, 'RltdPties');
  const agent = findElement(element, 'RltdAgts', `${role}Agt`, 'FinInstnId');
  return {
    name: toText(findText(toPartyElement(findElement(parties, role)), 'Nm')),
    account: toIdentification(findElement(parties, `${role}Acct`, 'Id')),
    bic: toBic(findText(agent, 'BICFI') ?? findText(agent, 'BIC')),
    ultimateName: toText(findText(toPartyElement(findElement(parties, `Ultmt${role}`)), 'Nm')),
  };
}

/** From version 08 on there is a `Pty` around it, or an `Agt` where a bank is the party. */
function toPartyElement(element: XmlElement | null): XmlElement | null {
  return findElement(element, 'Pty') ?? findElement(element, 'Agt', 'FinInstnId') ?? element;
}

function toIdentification(id: XmlElement | null): AccountIdentification | null {
  const iban = toIban(findText(id, 'IBAN'));
  const other = toReference(findText(id, 'Othr', 'Id') ?? findText(id, 'PrtryAcct', 'Id'));
  const bban = toReference(findText(id, 'BBAN'));
  const isBban = findText(id, 'Othr', 'SchmeNm', 'Cd') === 'BBAN';
  if (!iban && !other && !bban) return null;
  return { iban, bban: bban ?? (isBban ? other : null), maskedPan: null, other: isBban ? null : other };
}

const otherTexts: readonly (readonly [name: string, ...path: string[]])[] = [
  ['messageId', 'Refs', 'MsgId'],
  ['paymentInformationId', 'Refs', 'PmtInfId'],
  ['instructionId', 'Refs', 'InstrId'],
  ['transactionId', 'Refs', 'TxId'],
  ['uetr', 'Refs', 'UETR'],
  ['chequeNumber', 'Refs', 'ChqNb'],
  ['clearingSystemReference', 'Refs', 'ClrSysRef'],
  ['proprietaryReference', 'Refs', 'Prtry', 'Ref'],
  ['returnReason', 'RtrInf', 'Rsn', 'Cd'],
  ['returnInformation', 'RtrInf', 'AddtlInf'],
  ['initiatingParty', 'RltdPties', 'InitgPty', 'Nm'],
  ['charges', 'Chrgs', 'TtlChrgsAndTaxAmt'],
];

/** A few known names, each once and of bounded length: so it is bounded itself. */
export function toOtherFields(element: XmlElement): JsonObject {
  const fields: JsonObject = {};
  for (const [name, ...path] of otherTexts) {
    const text = toReference(findText(element, ...path));
    if (text) fields[name] = text;
  }
  if (toBoolean(findText(element, 'RvslInd'))) fields.reversal = true;
  return fields;
}

function present(values: Partial<FetchedTransaction>): Partial<FetchedTransaction> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
