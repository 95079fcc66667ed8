import type { Json, ReadingCall, ReplyPart, TraitCall } from './trait.ts';

/** A transaction on its way: plain, or changed by the traits before. */
export interface Row {
  transactionAmount: { amount: string | number; currency?: string };
  bookingDate?: string;
  valueDate?: string;
  transactionId?: string | number;
  cardTransactionId?: string | number;
  entryReference?: string | number;
  creditorName?: string;
  debtorName?: string;
  remittanceInformationUnstructured?: string;
  [name: string]: unknown;
}

export interface RowPlace {
  status: 'booked' | 'pending';
  /** In its list, from 0. */
  index: number;
  call: TraitCall;
  reading: ReadingCall;
}

/** Changes the lists of a reply of transactions; what is not of transactions, or no JSON any more, passes. */
export function changeLists(change: (rows: Row[], place: Omit<RowPlace, 'index'>) => Row[]): ReplyPart {
  return changeReport((report, call) => {
    const { reading } = call;
    if (!reading) return report;
    const changed: Json = { ...report };
    for (const status of ['booked', 'pending'] as const) {
      const rows = report[status];
      if (Array.isArray(rows)) changed[status] = change(rows as Row[], { status, call, reading });
    }
    return changed;
  });
}

export function changeRows(change: (row: Row, place: RowPlace) => Row): ReplyPart {
  return changeLists((rows, place) => rows.map((row, index) => change(row, { ...place, index })));
}

/** Changes the object with the lists: `transactions`, or `cardTransactions`. */
export function changeReport(change: (report: Json, call: TraitCall) => Json): ReplyPart {
  return (reply, call) => {
    const { json } = reply;
    if (call.about !== 'transactions' || !json) return reply;
    const name = toReportName(json);
    return name ? { ...reply, json: { ...json, [name]: change(json[name] as Json, call) } } : reply;
  };
}

export function toReportName(json: Json): 'transactions' | 'cardTransactions' | null {
  return (['transactions', 'cardTransactions'] as const).find((name) => json[name]) ?? null;
}

/** Changes the accounts of a list, and the one account that is asked for by itself. */
export function changeAccounts(change: (account: Json, index: number, call: TraitCall) => Json): ReplyPart {
  return (reply, call) => {
    const { json } = reply;
    if (!json) return reply;
    const changed = { ...json };
    for (const name of ['accounts', 'cardAccounts']) {
      const accounts = json[name];
      if (Array.isArray(accounts)) changed[name] = accounts.map((account: Json, index) => change(account, index, call));
    }
    if (call.about === 'account' && json.account)
      changed.account = change(json.account as Json, call.account?.index ?? 0, call);
    return { ...reply, json: changed };
  };
}

export function changeBalances(change: (balance: Json, call: TraitCall) => Json): ReplyPart {
  return (reply, call) => {
    const balances = reply.json?.balances;
    if (call.about !== 'balances' || !Array.isArray(balances)) return reply;
    return { ...reply, json: { ...reply.json, balances: balances.map((balance: Json) => change(balance, call)) } };
  };
}

/** The same number for a payment in every reply, whatever the bank says of its ids and dates: below `sides`. */
export function rollDice(row: Row, sides: number): number {
  const text = `${row.remittanceInformationUnstructured ?? row.transactionDetails}`;
  return [...text].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 1_000_003, 7) % sides;
}

/** Everything that the text finds, however deep, changed. */
export function changeDeep(value: unknown, change: (value: unknown, name: string) => unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => changeDeep(item, change, name));
  if (value === null || typeof value !== 'object') return change(value, name);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, changeDeep(item, change, key)]));
}
