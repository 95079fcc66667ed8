import type { Row } from './rows.ts';

export interface StatementContent {
  account: { iban: string; currency: string };
  booked: readonly Row[];
  pending: readonly Row[];
  /** When it is made. */
  now: Date;
}

/** Of camt.052: in 02 an entry's status is a text, in 08 it has a code of its own, as parties and BICs have. */
export type CamtVersion = '02' | '08';

/** An intraday report by ISO 20022 (camt.052), of rows as the plain bank has them. */
export function writeCamt({ account, booked, pending, now }: StatementContent, version: CamtVersion): string {
  const writer = version === '02' ? oldNames : newNames;
  const entries = [
    ...booked.map((row) => toEntry(row, account.currency, { ...writer, status: writer.toStatus('BOOK') })),
    ...pending.map((row) => toEntry(row, account.currency, { ...writer, status: writer.toStatus('PDNG') })),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.052.001.${version}"><BkToCstmrAcctRpt>
<GrpHdr><MsgId>${now.getTime()}</MsgId><CreDtTm>${now.toISOString()}</CreDtTm></GrpHdr>
<Rpt><Id>${now.getTime()}-1</Id><CreDtTm>${now.toISOString()}</CreDtTm>
<Acct><Id><IBAN>${account.iban}</IBAN></Id><Ccy>${account.currency}</Ccy></Acct>
${entries.join('\n')}
</Rpt></BkToCstmrAcctRpt></Document>
`;
}

interface Names {
  toStatus(code: string): string;
  toParty(name: string): string;
  bic: string;
}

const oldNames: Names = { toStatus: (code) => code, toParty: (name) => tag('Nm', name), bic: 'BIC' };
const newNames: Names = {
  toStatus: (code) => tag('Cd', escaped(code)),
  toParty: (name) => wrap('Pty', tag('Nm', name)),
  bic: 'BICFI',
};

function toEntry(row: Row, ownCurrency: string, names: Names & { status: string }): string {
  const { amount, currency = ownCurrency } = row.transactionAmount;
  const text = String(amount);
  return wrap(
    'Ntry',
    `<Amt Ccy="${currency}">${text.replace('-', '')}</Amt>`,
    tag('CdtDbtInd', text.startsWith('-') ? 'DBIT' : 'CRDT'),
    `<Sts>${names.status}</Sts>`,
    row.bookingDate ? wrap('BookgDt', tag('Dt', row.bookingDate)) : '',
    row.valueDate ? wrap('ValDt', tag('Dt', row.valueDate)) : '',
    tag('AcctSvcrRef', row.entryReference ?? row.transactionId),
    toCode(row),
    wrap('NtryDtls', toDetails(row, names)),
    tag('AddtlNtryInf', row.additionalInformation),
  );
}

function toCode(row: Row): string {
  const [domain, family, subFamily] = String(row.bankTransactionCode ?? '').split('-');
  const standard = subFamily
    ? wrap('Domn', tag('Cd', domain), wrap('Fmly', tag('Cd', family), tag('SubFmlyCd', subFamily)))
    : '';
  const own = row.proprietaryBankTransactionCode;
  return wrap('BkTxCd', standard, own ? wrap('Prtry', tag('Cd', `NTRF+${own}`), tag('Issr', 'DK')) : '');
}

function toDetails(row: Row, names: Names): string {
  const agents = (['debtor', 'creditor'] as const).map((side) => {
    const bic = row[`${side}Agent`];
    return bic ? wrap(side === 'debtor' ? 'DbtrAgt' : 'CdtrAgt', wrap('FinInstnId', tag(names.bic, bic))) : '';
  });
  const invoice = row.remittanceInformationStructured as { reference: string } | undefined;
  return wrap(
    'TxDtls',
    wrap('Refs', tag('EndToEndId', row.endToEndId), tag('TxId', row.transactionId), tag('MndtId', row.mandateId)),
    wrap('RltdPties', toParty(row, 'debtor', names), toParty(row, 'creditor', names)),
    wrap('RltdAgts', ...agents),
    row.purposeCode ? wrap('Purp', tag('Cd', row.purposeCode)) : '',
    wrap(
      'RmtInf',
      tag('Ustrd', row.remittanceInformationUnstructured ?? row.transactionDetails),
      invoice ? wrap('Strd', wrap('CdtrRefInf', tag('Ref', invoice.reference))) : '',
    ),
  );
}

function toParty(row: Row, side: 'debtor' | 'creditor', names: Names): string {
  const short = side === 'debtor' ? 'Dbtr' : 'Cdtr';
  const name = row[`${side}Name`];
  const account = row[`${side}Account`] as { iban: string } | undefined;
  const creditorId =
    side === 'creditor' && row.creditorId
      ? wrap('Id', wrap('PrvtId', wrap('Othr', tag('Id', row.creditorId), wrap('SchmeNm', tag('Prtry', 'SEPA')))))
      : '';
  const party = name ? wrap(short, names.toParty(String(name)).replace(/(<\/Pty>)?$/, `${creditorId}$1`)) : '';
  return party + (account ? wrap(`${short}Acct`, wrap('Id', tag('IBAN', account.iban))) : '');
}

/** Nothing, where there is nothing within. */
function wrap(name: string, ...parts: string[]): string {
  const inner = parts.join('');
  return inner === '' ? '' : `<${name}>${inner}</${name}>`;
}

function tag(name: string, value: unknown): string {
  return value === undefined ? '' : wrap(name, escaped(String(value)));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
