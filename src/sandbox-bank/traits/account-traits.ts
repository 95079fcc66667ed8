import type { Person, PersonAccount } from '../person.ts';
import { changeAccounts, changeBalances, changeRows, type Row } from './rows.ts';
import type { Json, Trait, TraitCall, TraitReply } from './trait.ts';

function addAccount(toAccount: (first: PersonAccount) => PersonAccount): NonNullable<Trait['person']> {
  return (person) => {
    const [first] = person.accounts;
    return first ? { ...person, accounts: [...person.accounts, toAccount(first)] } : person;
  };
}

const addCard = addAccount((first) => ({
  ...first,
  name: 'Kreditkarte',
  product: 'Card Gold',
  maskedPan: `525412******${first.iban.slice(-4)}`,
  part: 'card',
}));

export const accountTraits = {
  cards: {
    about: 'A card account besides, under `/v1/card-accounts`',
    person: addCard,
  },
  'card-debits-positive': {
    about: 'The same, with `debitAccounting`: what was paid by card has no sign, and what came back has a minus',
    person: addCard,
    reply: (reply, call) =>
      reverseCardAmounts(
        changeAccounts((account) => (account.maskedPan ? { ...account, debitAccounting: true } : account))(reply, call),
        call,
      ),
  },
  pots: {
    about: 'Three accounts of one IBAN and currency, two of them pots with names of their own',
    person: (person) => {
      const [first] = person.accounts;
      if (!first) return person;
      const pots = ['Urlaub', 'Steuern'].map((name) => ({ ...first, name, product: 'Space', part: name }));
      return { ...person, accounts: [first, ...pots] };
    },
  },
  'currency-aggregate': {
    about: 'One account in EUR and USD, and beside the two their aggregate in XXX',
    person: toCurrencies,
  },
  'no-iban': {
    about: 'Accounts have a name and a product, and neither IBAN nor BBAN',
    reply: withoutIban,
  },
  'resource-ids-change': {
    about: 'The resource ids of accounts are others with every list; those given out before go on to be good',
    reply: withOtherIds,
  },
  'blocked-account': {
    about: 'The second account is `blocked`; it can be read',
    reply: changeAccounts((account, index) => (index === 1 ? { ...account, status: 'blocked' } : account)),
  },
  'parallel-refused': {
    about: 'A second call while another is under way is refused: 429 `SERVICE_BLOCKED`',
    parallelCalls: 1,
  },
} satisfies Record<string, Trait>;

function toCurrencies(person: Person): Person {
  const [first] = person.accounts;
  if (!first) return person;
  const accounts = ['EUR', 'USD', 'XXX'].map((currency) => ({
    ...first,
    currency,
    name: currency === 'XXX' ? 'All currencies' : `Account ${currency}`,
  }));
  return { ...person, accounts };
}

function reverseCardAmounts(reply: TraitReply, call: TraitCall): TraitReply {
  if (!call.account?.isCard) return reply;
  const rows = changeRows((row) => ({ ...row, transactionAmount: reverse(row.transactionAmount) }) as Row);
  const balances = changeBalances((balance) => ({ ...balance, balanceAmount: reverse(balance.balanceAmount as Json) }));
  return balances(rows(reply, call), call);
}

function reverse(money: Json): Json {
  const amount = String(money.amount);
  return { ...money, amount: amount.startsWith('-') ? amount.slice(1) : `-${amount}` };
}

function withoutIban(reply: TraitReply, call: TraitCall): TraitReply {
  const listed = changeAccounts(({ iban: _, ...account }) => account)(reply, call);
  if (call.about !== 'transactions' && call.about !== 'balances') return listed;
  const { account: _, ...json } = listed.json ?? {};
  return { ...listed, json };
}

/** Whatever follows this is no part of the id. */
export const idSuffixMark = '~';

function withOtherIds(reply: TraitReply, call: TraitCall): TraitReply {
  const suffix = `${idSuffixMark}${Math.floor(call.now.getTime() / 1000).toString(36)}`;
  return changeAccounts((account) => {
    const id = String(account.resourceId);
    return JSON.parse(JSON.stringify(account).replaceAll(id, `${id}${suffix}`)) as Json;
  })(reply, call);
}
