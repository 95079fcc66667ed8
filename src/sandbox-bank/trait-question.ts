import type { AccountAccess } from './account-access.ts';
import type { BankDeps } from './bank-deps.ts';
import type { BankRequest } from './exchange.ts';
import type { TraitQuestion } from './traits/trait.ts';

/** What a trait is given to know of a request. */
export function toTraitQuestion(
  deps: BankDeps,
  request: BankRequest,
  { about, one }: { about: TraitQuestion['about']; one: AccountAccess | null },
): Omit<TraitQuestion, 'reading'> {
  const account = one && {
    index: one.index,
    iban: one.account.iban,
    currency: one.account.currency,
    isCard: one.account.maskedPan !== undefined,
  };
  return {
    about,
    url: new URL(`${request.url.pathname}${request.url.search}`, deps.baseUrl()),
    accept: request.header('accept') ?? '*/*',
    now: deps.now(),
    account,
  };
}
