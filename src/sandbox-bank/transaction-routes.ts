import { type AccountAccess, countAccess, toAccountUrl } from './account-access.ts';
import type { BankDeps } from './bank-deps.ts';
import { dayOf, isDay, shiftDay } from './days.ts';
import { type BankReply, type BankRequest, Refusal } from './exchange.ts';
import { readPageToken, toPageToken } from './page-token.ts';
import { checkAccepted } from './request-headers.ts';
import { toTraitQuestion } from './trait-question.ts';
import { type EntryQuery, type ReadingCall, toBankReply } from './traits/trait.ts';
import type { BankEntryLine } from './transaction-generator.ts';
import { toCardTransaction, toTransaction } from './transaction-json.ts';

/** Older history is shown for this long after the SCA. */
const deepHistoryMs = 30 * 60_000;
const shownDays = 90;

/** Answers GET of an account's transactions. */
export function answerTransactions(deps: BankDeps, request: BankRequest, access: AccountAccess): BankReply {
  const { traits } = access;
  checkAccepted(request, traits.formats ?? ['application/json']);
  const query = readQuery(deps, request);
  const token = request.url.searchParams.get('page');
  const nowSeconds = Math.floor(deps.now().getTime() / 1000);
  const context = [access.consent.id, access.key, query.bookingStatus, query.dateFrom, query.dateTo];
  // Further pages belong to the reading that the first one began.
  const known = token === null ? null : readPageToken(deps.state.secret, token, { context, nowSeconds });
  if (token !== null && !known) {
    throw new Refusal(400, 'FORMAT_ERROR', 'This page was never offered, or is not any more.');
  }
  const question = toTraitQuestion(deps, request, { about: 'transactions', one: access });
  const number = known ? known.readingCount - 1 : deps.ledger.readingCount(access);
  traits.admit({ ...question, reading: { query, number, page: known?.page ?? 0 } });
  const mark = known ?? { page: 0, readingCount: beginReading(deps, access, query), since: nowSeconds };

  const looked = traits.lookUp(query);
  const lines = deps.ledger.view(access, { ...looked, readingCount: mark.readingCount });
  const isLastPage = (mark.page + 1) * traits.pageSize >= lines.length;
  if (isLastPage) noteRead(deps, access);
  const self = toAccountUrl(deps, access, access.index);
  const reading: ReadingCall = {
    query: looked,
    number: mark.readingCount - 1,
    page: mark.page,
    isLastPage,
    pageUrl(page) {
      const signed = toPageToken(deps.state.secret, { ...mark, page }, context);
      return `${self}/transactions?${new URLSearchParams({ ...query, page: signed })}`;
    },
  };
  const json = toReport(lines, { access, reading, self });
  return toBankReply(traits.reply({ status: 200, json }, { ...question, reading }));
}

function toReport(
  lines: readonly BankEntryLine[],
  { access, reading, self }: { access: AccountAccess; reading: ReadingCall; self: string },
) {
  const { account, traits } = access;
  const { query, page, isLastPage, pageUrl } = reading;
  const begin = Math.max(page * traits.pageSize - traits.pageOverlap, 0);
  const shown = lines.slice(begin, (page + 1) * traits.pageSize);
  const list = (status: BankEntryLine['status']) =>
    shown
      .filter((line) => line.status === status)
      .map((line) => (account.maskedPan ? toCardTransaction(line, account) : toTransaction(line, access)));
  const report = {
    ...(query.bookingStatus === 'pending' ? {} : { booked: list('booked') }),
    ...(query.bookingStatus === 'booked' ? {} : { pending: list('pending') }),
    _links: {
      [account.maskedPan ? 'cardAccount' : 'account']: { href: self },
      ...(isLastPage ? {} : { next: { href: pageUrl(page + 1) } }),
    },
  };
  return account.maskedPan
    ? { cardAccount: { maskedPan: account.maskedPan, currency: account.currency }, cardTransactions: report }
    : { account: { iban: account.iban, currency: account.currency }, transactions: report };
}

function readQuery(deps: BankDeps, request: BankRequest): EntryQuery {
  const parameters = request.url.searchParams;
  const bookingStatus = parameters.get('bookingStatus');
  const dateFrom = parameters.get('dateFrom');
  const dateTo = parameters.get('dateTo') ?? dayOf(deps.now());
  if (bookingStatus === 'information' || bookingStatus === 'all') {
    throw new Refusal(400, 'PARAMETER_NOT_SUPPORTED', 'Of bookingStatus, booked, pending and both are offered.');
  }
  if (bookingStatus !== 'booked' && bookingStatus !== 'pending' && bookingStatus !== 'both') {
    throw new Refusal(400, 'FORMAT_ERROR', 'bookingStatus is missing or none that there is.');
  }
  if (parameters.has('deltaList') || parameters.has('entryReferenceFrom')) {
    throw new Refusal(400, 'PARAMETER_NOT_SUPPORTED', 'Deltas are not offered.');
  }
  if (!dateFrom || !isDay(dateFrom)) throw new Refusal(400, 'FORMAT_ERROR', 'dateFrom is missing or no date.');
  if (!isDay(dateTo)) throw new Refusal(400, 'FORMAT_ERROR', 'dateTo is no date.');
  if (dateFrom > dayOf(deps.now())) throw new Refusal(400, 'PERIOD_INVALID', 'dateFrom lies in the future.');
  if (dateTo < dateFrom) throw new Refusal(400, 'PERIOD_INVALID', 'dateTo lies before dateFrom.');
  return { bookingStatus, dateFrom, dateTo };
}

function beginReading(deps: BankDeps, access: AccountAccess, { dateFrom, bookingStatus }: EntryQuery): number {
  const sinceSca = deps.now().getTime() - (access.consent.authorisedAt ?? 0);
  const isFresh = access.attended && sinceSca <= deepHistoryMs;
  if (dateFrom < shiftDay(dayOf(deps.now()), -shownDays) && !isFresh) {
    throw new Refusal(
      400,
      'PERIOD_INVALID',
      `Without an end user who has just authenticated ${shownDays} days are shown.`,
    );
  }
  countAccess(deps, access, `transactions/${access.index}${bookingStatus === 'pending' ? '/pending' : ''}`);
  // What is pending is looked at beside what is booked, and belongs to the same reading.
  return bookingStatus === 'pending' ? deps.ledger.readingCount(access) : deps.ledger.read(access);
}

function noteRead(deps: BankDeps, { consent, person, index }: AccountAccess): void {
  const readAccounts = consent.readAccounts.includes(index) ? consent.readAccounts : [...consent.readAccounts, index];
  const complete = readAccounts.length >= person.accounts.length;
  const ends = person.trouble === 'consent-ends' && complete;
  if (readAccounts === consent.readAccounts && !ends) return;
  deps.state.saveConsent({ ...consent, readAccounts, ...(ends ? { status: 'expired' as const } : {}) });
}
