import { type AccountAccess, countAccess, toAccountUrl } from './account-access.ts';
import type { BankDeps } from './bank-deps.ts';
import { dayOf, isDay, shiftDay } from './days.ts';
import { type BankReply, type BankRequest, Refusal, toJson } from './exchange.ts';
import type { LedgerView } from './ledger.ts';
import { readPageToken, toPageToken } from './page-token.ts';
import { type BankEntryLine, toAmount } from './transaction-generator.ts';

const pageSize = 500;
/** Older history is shown for this long after the SCA. */
const deepHistoryMs = 30 * 60_000;
const shownDays = 90;

type Query = Omit<LedgerView, 'readingCount'>;

/** Answers GET of an account's transactions. */
export function answerTransactions(deps: BankDeps, request: BankRequest, access: AccountAccess): BankReply {
  const query = readQuery(deps, request);
  const token = request.url.searchParams.get('page');
  const nowSeconds = Math.floor(deps.now().getTime() / 1000);
  const context = [access.consent.id, access.key, query.bookingStatus, query.dateFrom, query.dateTo];
  // Further pages belong to the reading that the first one began.
  const mark =
    token === null
      ? { page: 0, readingCount: beginReading(deps, access, query), since: nowSeconds }
      : readPageToken(deps.state.secret, token, { context, nowSeconds });
  if (!mark) throw new Refusal(400, 'FORMAT_ERROR', 'This page was never offered, or is not any more.');

  const lines = deps.ledger.view(access, { ...query, readingCount: mark.readingCount });
  const self = toAccountUrl(deps, access.consent, access.index);
  const isLast = (mark.page + 1) * pageSize >= lines.length;
  if (isLast) noteRead(deps, access);
  const nextUrl = () => {
    const page = toPageToken(deps.state.secret, { ...mark, page: mark.page + 1 }, context);
    return `${self}/transactions?${new URLSearchParams({ ...query, page })}`;
  };
  const shown = lines.slice(mark.page * pageSize, (mark.page + 1) * pageSize);
  const list = (status: BankEntryLine['status']) =>
    shown.filter((line) => line.status === status).map((line) => toTransaction(line, access));
  return toJson(200, {
    account: { iban: access.account.iban, currency: access.account.currency },
    transactions: {
      ...(query.bookingStatus === 'pending' ? {} : { booked: list('booked') }),
      ...(query.bookingStatus === 'booked' ? {} : { pending: list('pending') }),
      _links: { account: { href: self }, ...(isLast ? {} : { next: { href: nextUrl() } }) },
    },
  });
}

function readQuery(deps: BankDeps, request: BankRequest): Query {
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

function beginReading(deps: BankDeps, access: AccountAccess, { dateFrom }: Query): number {
  const sinceSca = deps.now().getTime() - (access.consent.authorisedAt ?? 0);
  const isFresh = access.attended && sinceSca <= deepHistoryMs;
  if (dateFrom < shiftDay(dayOf(deps.now()), -shownDays) && !isFresh) {
    throw new Refusal(
      400,
      'PERIOD_INVALID',
      `Without an end user who has just authenticated ${shownDays} days are shown.`,
    );
  }
  countAccess(deps, access, `transactions/${access.index}`);
  return deps.ledger.read(access);
}

function noteRead(deps: BankDeps, { consent, person, index }: AccountAccess): void {
  const readAccounts = consent.readAccounts.includes(index) ? consent.readAccounts : [...consent.readAccounts, index];
  const complete = readAccounts.length >= person.accounts.length;
  const ends = person.trouble === 'consent-ends' && complete;
  if (readAccounts === consent.readAccounts && !ends) return;
  deps.state.saveConsent({ ...consent, readAccounts, ...(ends ? { status: 'expired' as const } : {}) });
}

function toTransaction(line: BankEntryLine, { account, person }: AccountAccess) {
  const { name, iban } = line.counterparty;
  const own = { iban: account.iban, currency: account.currency };
  const parties =
    line.cents < 0
      ? { creditorName: name, ...(iban ? { creditorAccount: { iban } } : {}) }
      : {
          debtorName: name,
          ...(iban ? { debtorAccount: { iban } } : {}),
          creditorName: person.ownerName,
          creditorAccount: own,
        };
  return {
    ...(account.identified ? { transactionId: line.id, endToEndId: line.id.slice(0, 18) } : {}),
    ...(account.identified && line.status === 'booked' ? { entryReference: line.id.slice(0, 13) } : {}),
    transactionAmount: { currency: account.currency, amount: toAmount(line.cents) },
    ...(line.status === 'booked' ? { bookingDate: line.day, valueDate: line.day } : {}),
    ...parties,
    remittanceInformationUnstructured: line.remittance,
    bankTransactionCode: line.code,
  };
}
