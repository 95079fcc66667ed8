import { BareRefusal, Refusal } from '../exchange.ts';
import { changeAccounts, changeBalances, changeDeep, changeRows, type Row, rollDice } from './rows.ts';
import type { Json, ReplyPart, Trait, TraitQuestion, TraitReply } from './trait.ts';

/** An end user's second account, where there is more to it than to the first. */
export function isSecond({ account }: Pick<TraitQuestion, 'account'>): boolean {
  return account?.index === 1;
}

/** One of thirty. */
export function isUnreadable(row: Row): boolean {
  return rollDice(row, 30) === 0;
}

/** The second account has no transactions: what the bank says then. */
function whenEmpty(answer: (reply: TraitReply) => TraitReply): ReplyPart {
  return (reply, call) => (call.about === 'transactions' && isSecond(call) ? answer(reply) : reply);
}

function onLinks(change: (links: Json) => unknown): ReplyPart {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, name === '_links' ? change(item as Json) : visit(item)]),
    );
  };
  return (reply) => (reply.json ? { ...reply, json: visit(reply.json) as Json } : reply);
}

function onAddresses(change: (href: string) => string): ReplyPart {
  return onLinks((links) => changeDeep(links, (value, name) => (name === 'href' ? change(String(value)) : value)));
}

export const shapeTraits = {
  'texts-and-lists': {
    about: 'A text where a list is meant and the reverse; the creditor’s account is the IBAN alone',
    reply: changeRows((row) => {
      const { creditorAccount, currencyExchange, remittanceInformationUnstructured: text, ...rest } = row;
      const iban = (creditorAccount as { iban?: string } | undefined)?.iban;
      return {
        ...rest,
        ...(text ? { remittanceInformationUnstructuredArray: text } : {}),
        ...(iban ? { creditorAccount: iban } : {}),
        ...(Array.isArray(currencyExchange) ? { currencyExchange: currencyExchange[0] } : {}),
      } as Row;
    }),
  },
  'empty-as-204': {
    about: 'The second account has no transactions: 204',
    reply: whenEmpty(() => ({ status: 204 })),
  },
  'empty-as-no-body': {
    about: 'The second account has no transactions: 200 without a body',
    reply: whenEmpty(() => ({ status: 200, text: '' })),
  },
  'empty-as-missing': {
    about: 'The second account has no transactions: the reply names the account alone',
    reply: whenEmpty((reply) => ({ ...reply, json: { account: reply.json?.account } })),
  },
  'empty-as-null': {
    about: 'The second account has no transactions: `booked` and `pending` are null',
    reply: whenEmpty((reply) => ({
      ...reply,
      json: { ...reply.json, transactions: { booked: null, pending: null } },
    })),
  },
  'empty-as-unknown': {
    about: 'The second account has no transactions: 404 `RESOURCE_UNKNOWN`',
    admit: (call) => {
      if (call.about === 'transactions' && isSecond(call))
        throw new Refusal(404, 'RESOURCE_UNKNOWN', 'There are no transactions.');
    },
  },
  'accounts-null': {
    about: 'There is no account, which the bank says as `accounts: null`',
    reply: (reply, { about }) => (about === 'accounts' ? { ...reply, json: { accounts: null } } : reply),
  },
  'no-balances': {
    about: 'Accounts have no link to balances, and asking for them is answered with 404',
    admit: ({ about }) => {
      if (about === 'balances') throw new Refusal(404, 'RESOURCE_UNKNOWN', 'There are no balances.');
    },
    reply: changeAccounts(({ _links, ...account }) => {
      const { balances: _, ...links } = _links as Json;
      return { ...account, _links: links };
    }),
  },
  'balances-refused': {
    about: 'Balances of the second account are refused: 401',
    admit: (call) => {
      if (call.about === 'balances' && isSecond(call))
        throw new Refusal(401, 'CONSENT_INVALID', 'The consent is not for balances of this account.');
    },
  },
  'balances-in-debt': {
    about: 'Balances have no sign; `creditDebitIndicator` says on which side they stand',
    reply: changeBalances((balance) => {
      const { currency, amount } = balance.balanceAmount as { currency: string; amount: string };
      const creditDebitIndicator = amount.startsWith('-') ? 'DBIT' : 'CRDT';
      return { ...balance, balanceAmount: { currency, amount: amount.replace('-', '') }, creditDebitIndicator };
    }),
  },
  'unreadable-rows': {
    about: 'The amounts of some transactions, always of the same, cannot be read',
    reply: changeRows((row) =>
      isUnreadable(row) ? { ...row, transactionAmount: { ...row.transactionAmount, amount: 'n/a' } } : row,
    ),
  },
  'unreadable-account': {
    about: 'Of the second account the list says nothing that can be used',
    reply: changeAccounts((account, index, { about }) =>
      about === 'accounts' && index === 1 ? { iban: 17 } : account,
    ),
  },
  'broken-account': {
    about: 'Transactions of the second account are answered with 500',
    admit: (call) => {
      if (call.about === 'transactions' && isSecond(call)) throw new BareRefusal(500, 'This account is broken.');
    },
  },
  'relative-links': {
    about: 'Links are relative, and leave out `/v1`',
    reply: onAddresses((href) => href.replace(/^.*\/v1\//, '/')),
  },
  'inner-links': {
    about: 'Links have the name of a host that is not reachable, and http',
    reply: onAddresses((href) => href.replace(/^https?:\/\/[^/]+/, 'http://xs2a-backend.internal:8080')),
  },
  'links-as-texts': {
    about: 'Links are texts, not objects with `href`',
    reply: onLinks((links) =>
      Object.fromEntries(Object.entries(links).map(([name, link]) => [name, (link as { href: string }).href])),
    ),
  },
  'links-as-list': {
    about: 'Links are a list of `{ rel, href }`',
    reply: onLinks((links) =>
      Object.entries(links).map(([name, link]) => ({ rel: name, href: (link as { href: string }).href })),
    ),
  },
} satisfies Record<string, Trait>;
