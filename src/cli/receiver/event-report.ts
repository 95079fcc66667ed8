import { z } from 'zod';

const money = z.object({ amount: z.string(), currency: z.string() });
const transaction = z.looseObject({
  id: z.string(),
  status: z.string(),
  amount: money,
  bookingDate: z.string().nullish(),
  counterpartyName: z.string().nullish(),
  remittanceInformation: z.string().nullish(),
});
const account = z.looseObject({
  account: z.looseObject({ name: z.string().nullish(), iban: z.string().nullish(), currency: z.string() }),
  balances: z.array(z.looseObject({ type: z.string(), amount: money })),
  newTransactions: z.array(transaction),
  newTransactionCount: z.number().optional(),
  updatedTransactionCount: z.number().optional(),
  removedTransactionCount: z.number().optional(),
  updatedTransactions: z.array(transaction),
  removedTransactionIds: z.array(z.string()),
});
const synchronized = z.looseObject({
  user: z.looseObject({ id: z.string(), externalId: z.string().nullish() }),
  bankLogin: z.looseObject({ id: z.string(), bank: z.looseObject({ name: z.string() }) }),
  sequence: z.int().nullish(),
  accounts: z.array(account),
});
const body = z.looseObject({ type: z.string(), truncated: z.boolean().optional(), data: z.unknown() });

const shownTransactions = 5;

/**
 * An event as lines to read: of a connection or a synchronization its accounts and what changed, of anything else, as of the
 * result of an endpoint's own document, its data.
 */
export function renderEvent(text: string): { type: string; lines: string[] } {
  const parsed = body.safeParse(parseJson(text));
  if (!parsed.success) return { type: 'not an event', lines: text.slice(0, 2_000).split('\n') };
  const { type, data, truncated = false } = parsed.data;
  const login = synchronized.safeParse(data);
  const lines = login.success ? renderLogin(login.data) : (JSON.stringify(data, null, 2) ?? '').split('\n');
  if (truncated)
    lines.push('The body was too large and carries counts only: query the transactions from its cursor on.');
  return { type, lines };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: it is shown as it came.
    return null;
  }
}

function renderLogin({ user, bankLogin, sequence, accounts }: z.infer<typeof synchronized>): string[] {
  const who = `${user.externalId ?? user.id} at ${bankLogin.bank.name} (${bankLogin.id})`;
  return [sequence == null ? who : `${who}, sequence ${sequence}`, ...accounts.flatMap(renderAccount)];
}

function renderAccount(changed: z.infer<typeof account>): string[] {
  const { account: of, balances, newTransactions, updatedTransactions, removedTransactionIds } = changed;
  // Of lists that are cut it is said how many rows they would have.
  const newCount = changed.newTransactionCount ?? newTransactions.length;
  const updatedCount = changed.updatedTransactionCount ?? updatedTransactions.length;
  const removedCount = changed.removedTransactionCount ?? removedTransactionIds.length;
  const balance = balances[0] ? `, ${balances[0].amount.amount} ${balances[0].amount.currency}` : '';
  const counts = `${newCount} new, ${updatedCount} updated, ${removedCount} removed`;
  const hidden = newCount - shownTransactions;
  return [
    `${[of.name, of.iban, of.currency].filter(Boolean).join(' ')}${balance}: ${counts}`,
    ...newTransactions.slice(0, shownTransactions).map(renderTransaction),
    ...(hidden > 0 ? [`  … and ${hidden} more`] : []),
  ];
}

function renderTransaction({ amount, ...of }: z.infer<typeof transaction>): string {
  const text = [of.counterpartyName, of.remittanceInformation].filter(Boolean).join(', ');
  return `  ${of.bookingDate ?? of.status.toLowerCase()}  ${amount.amount.padStart(10)} ${amount.currency}  ${text}`;
}
