import { Refusal } from '../exchange.ts';
import { changeReport } from './rows.ts';
import type { Json, ReplyPart, Trait, TraitCall, TraitReply } from './trait.ts';

const pageSize = 8;
const accountsPerPage = 2;

/** The last page has a next one, nevertheless. */
function endWith(toHref: (call: TraitCall) => string): ReplyPart {
  return changeReport((report, call) =>
    call.reading?.isLastPage
      ? { ...report, _links: { ...(report._links as Json), next: { href: toHref(call) } } }
      : report,
  );
}

export const pageTraits = {
  'small-pages': {
    about: `Transactions come in pages of ${pageSize}`,
    pageSize,
  },
  'last-page-names-itself': {
    about: 'Small pages; the last one names itself as the next',
    pageSize,
    reply: endWith(({ reading }) => reading?.pageUrl(reading.page) ?? ''),
  },
  'null-link': {
    about: 'Small pages; the last one has a next one at `null/transactions`',
    pageSize,
    reply: endWith(() => 'null/transactions'),
  },
  'pages-overlap': {
    about: 'Small pages; each begins with the last two entries of the one before',
    pageSize,
    pageOverlap: 2,
  },
  'second-page-refused': {
    about: 'Small pages; in the second reading the second is refused: 400 `FORMAT_ERROR`',
    pageSize,
    admit: ({ reading }) => {
      if (reading?.page === 1 && reading.number === 1) throw new Refusal(400, 'FORMAT_ERROR', 'There is no such page.');
    },
  },
  'accounts-in-pages': {
    about: `Five accounts, in pages of ${accountsPerPage}`,
    person: (person) => {
      const [first] = person.accounts;
      if (!first) return person;
      const more = [2, 3, 4].map((number) => ({ ...first, name: `Konto ${number + 1}`, part: `page-${number}` }));
      return {
        ...person,
        accounts: [...person.accounts, ...more.map((account, i) => ({ ...account, iban: shift(account.iban, i) }))],
      };
    },
    reply: toAccountsPage,
  },
} satisfies Record<string, Trait>;

/** Another IBAN; nobody checks its digits but readers, and those must take it, too. */
function shift(iban: string, by: number): string {
  const number = BigInt(iban.slice(4)) + BigInt(by + 1);
  const check = 98n - (BigInt(`${number}131400`) % 97n);
  return `DE${check.toString().padStart(2, '0')}${number}`;
}

function toAccountsPage(reply: TraitReply, { about, url }: TraitCall): TraitReply {
  const accounts = reply.json?.accounts;
  if (about !== 'accounts' || !Array.isArray(accounts)) return reply;
  const page = Number(url.searchParams.get('page') ?? 0);
  const next = new URL(url);
  next.searchParams.set('page', String(page + 1));
  const isLast = (page + 1) * accountsPerPage >= accounts.length;
  return {
    ...reply,
    json: {
      ...reply.json,
      accounts: accounts.slice(page * accountsPerPage, (page + 1) * accountsPerPage),
      ...(isLast ? {} : { _links: { next: { href: next.href } } }),
    },
  };
}
