import type { ConsentState } from './bank-state.ts';
import { type ConsentRoutesDeps, getConsent, presentStatus } from './consent-routes.ts';
import { type BankReply, type BankRequest, Refusal, toJson } from './exchange.ts';
import { findPerson, type Person, type PersonAccount } from './persons.ts';
import { toUuid } from './random.ts';
import { type BankEntryLine, generateLedger, type Ledger, shiftDay, toAmount } from './transaction-generator.ts';

const pageSize = 500;
/** Older history is shown for this long after the SCA. */
const deepHistoryMs = 30 * 60_000;

/** A reading of an account under a consent. */
interface Access {
  consent: ConsentState;
  person: Person;
  attended: boolean;
}

/** Answers what lies under /v1/accounts. */
export function answerAccounts(deps: ConsentRoutesDeps, request: BankRequest, path: string[]): BankReply {
  if (request.method !== 'GET') throw new Refusal(405, 'SERVICE_INVALID', 'Accounts can only be read.');
  const access = checkAccess(deps, request);
  const [resourceId, part] = path;
  if (!resourceId) {
    count(deps, access, 'accounts');
    const accounts = access.person.accounts.map((account, index) => toDetails(access, account, index));
    return toJson(200, { accounts });
  }
  const index = access.person.accounts.findIndex((_, i) => toResourceId(access.consent, i) === resourceId);
  const account = access.person.accounts[index];
  if (!account) throw new Refusal(404, 'RESOURCE_UNKNOWN', 'There is no such account under this consent.');
  if (!part) return toJson(200, { account: toDetails(access, account, index) });
  if (part === 'balances') {
    count(deps, access, `balances/${index}`);
    return toJson(200, toBalances(deps, access, account));
  }
  if (part !== 'transactions') throw new Refusal(404, 'RESOURCE_UNKNOWN', 'There is no such resource.');
  return answerTransactions(deps, request, { access, account, index });
}

function checkAccess(deps: ConsentRoutesDeps, request: BankRequest): Access {
  const consentId = request.header('consent-id');
  if (!consentId) throw new Refusal(400, 'FORMAT_ERROR', 'Consent-ID is missing.');
  const consent = getConsent(deps, request, consentId);
  const status = presentStatus(deps, consent);
  if (status === 'expired') throw new Refusal(401, 'CONSENT_EXPIRED', 'The consent has expired.');
  const person = findPerson(consent.psuId ?? '');
  if (status !== 'valid' || !person) throw new Refusal(401, 'CONSENT_INVALID', 'The consent is not valid.');
  const fetchedOnce = consent.readAccounts.length >= person.accounts.length;
  if (person.trouble === 'bank-down' && fetchedOnce) {
    throw new Refusal(503, 'SERVICE_UNAVAILABLE', 'The bank is down for maintenance.');
  }
  return { consent, person, attended: request.header('psu-ip-address') !== null };
}

// RTS Art. 36(5)(b), as banks apply it: per consent, account and endpoint, in any 24 hours.
function count(deps: ConsentRoutesDeps, { consent, person, attended }: Access, endpoint: string): void {
  if (attended) return;
  const key = `${consent.id}/${endpoint}`;
  const nowMs = deps.now().getTime();
  const limit = Math.min(consent.frequencyPerDay, person.accessesPerDay ?? Number.POSITIVE_INFINITY);
  if (deps.state.accesses(key, nowMs) >= limit) {
    throw new Refusal(429, 'ACCESS_EXCEEDED', 'The allowed accesses of the day are used up.');
  }
  deps.state.addAccess(key, nowMs);
}

// Stable for the life of one consent only, as the protocol promises no more.
function toResourceId(consent: ConsentState, index: number): string {
  return toUuid(`${consent.id}/${index}`);
}

function toDetails({ consent, person }: Access, account: PersonAccount, index: number) {
  const self = `/v1/accounts/${toResourceId(consent, index)}`;
  return {
    resourceId: toResourceId(consent, index),
    iban: account.iban,
    currency: account.currency,
    ownerName: person.ownerName,
    name: account.name,
    product: account.product,
    cashAccountType: 'CACC',
    _links: { balances: { href: `${self}/balances` }, transactions: { href: `${self}/transactions` } },
  };
}

function accountKey(person: Person, account: PersonAccount): string {
  return `${person.psuId}/${account.iban}/${account.currency}`;
}

function toBalances(deps: ConsentRoutesDeps, { person }: Access, account: PersonAccount) {
  const today = deps.now().toISOString().slice(0, 10);
  const readings = deps.state.readings(accountKey(person, account));
  const { booked, pending } = generateLedger(person, account, { today, readings });
  const closing = sum(booked, account.openingBalance);
  const balance = (balanceType: string, cents: number) => ({
    balanceAmount: { currency: account.currency, amount: toAmount(cents) },
    balanceType,
    referenceDate: today,
  });
  return {
    account: { iban: account.iban, currency: account.currency },
    balances: [balance('closingBooked', closing), balance('interimAvailable', sum(pending, closing))],
  };
}

function sum(lines: readonly BankEntryLine[], from: number): number {
  return lines.reduce((total, line) => total + line.cents, from);
}

interface Reading {
  access: Access;
  account: PersonAccount;
  index: number;
}

function answerTransactions(deps: ConsentRoutesDeps, request: BankRequest, reading: Reading): BankReply {
  const { access, account, index } = reading;
  const query = request.url.searchParams;
  const page = Number(query.get('page') ?? 0);
  const bookingStatus = query.get('bookingStatus');
  const dateFrom = query.get('dateFrom');
  if (!bookingStatus || !['booked', 'pending', 'both', 'all'].includes(bookingStatus)) {
    throw new Refusal(400, 'FORMAT_ERROR', 'bookingStatus is missing or none that is offered.');
  }
  if (!dateFrom || !/^\d{4}-\d\d-\d\d$/.test(dateFrom))
    throw new Refusal(400, 'FORMAT_ERROR', 'dateFrom is missing or no date.');
  const today = deps.now().toISOString().slice(0, 10);
  const sinceSca = deps.now().getTime() - (access.consent.authorisedAt ?? 0);
  if (dateFrom < shiftDay(today, -90) && sinceSca > deepHistoryMs) {
    throw new Refusal(400, 'PERIOD_INVALID', 'Without a fresh authentication 90 days are shown.');
  }
  const key = accountKey(access.person, account);
  // Further pages belong to the reading that the first one began.
  if (page === 0) {
    count(deps, access, `transactions/${index}`);
    deps.state.addReading(key, today);
  }
  const readings = deps.state.readings(key);
  const at = page === 0 ? readings.length : Number(query.get('reading') ?? readings.length);
  const ledger = generateLedger(access.person, account, { today, readings: readings.slice(0, at) });
  const lines = select(ledger, { bookingStatus, dateFrom, dateTo: query.get('dateTo') ?? today });
  const isLast = (page + 1) * pageSize >= lines.length;
  if (isLast) noteRead(deps, reading);
  return toJson(200, toPage(reading, { lines, page, next: isLast ? null : nextLink(request, page + 1, at) }));
}

function select(
  { booked, pending }: Ledger,
  { bookingStatus, dateFrom, dateTo }: { bookingStatus: string; dateFrom: string; dateTo: string },
): BankEntryLine[] {
  const within = booked.filter((line) => line.day >= dateFrom && line.day <= dateTo);
  if (bookingStatus === 'pending') return pending;
  return bookingStatus === 'booked' ? within : [...within, ...pending];
}

function nextLink(request: BankRequest, page: number, reading: number): string {
  const query = new URLSearchParams(request.url.searchParams);
  query.set('page', String(page));
  query.set('reading', String(reading));
  return `${request.url.pathname}?${query}`;
}

function noteRead(deps: ConsentRoutesDeps, { access, index }: Reading): void {
  const { consent, person } = access;
  const readAccounts = consent.readAccounts.includes(index) ? consent.readAccounts : [...consent.readAccounts, index];
  const complete = readAccounts.length >= person.accounts.length;
  const ends = person.trouble === 'consent-ends' && complete;
  if (readAccounts === consent.readAccounts && !ends) return;
  deps.state.saveConsent({ ...consent, readAccounts, ...(ends ? { status: 'expired' as const } : {}) });
}

function toPage(
  { access, account, index }: Reading,
  { lines, page, next }: { lines: BankEntryLine[]; page: number; next: string | null },
) {
  const shown = lines.slice(page * pageSize, (page + 1) * pageSize);
  const self = `/v1/accounts/${toResourceId(access.consent, index)}`;
  return {
    account: { iban: account.iban, currency: account.currency },
    transactions: {
      booked: shown.filter((line) => line.status === 'booked').map((line) => toTransaction(line, account)),
      pending: shown.filter((line) => line.status === 'pending').map((line) => toTransaction(line, account)),
      _links: { account: { href: self }, ...(next ? { next: { href: next } } : {}) },
    },
  };
}

function toTransaction(line: BankEntryLine, account: PersonAccount) {
  const party = {
    name: line.counterparty.name,
    ...(line.counterparty.iban ? { account: { iban: line.counterparty.iban } } : {}),
  };
  return {
    ...(account.identified ? { transactionId: line.id, endToEndId: line.id.slice(0, 18) } : {}),
    ...(account.identified && line.status === 'booked' ? { entryReference: line.id.slice(0, 13) } : {}),
    transactionAmount: { currency: account.currency, amount: toAmount(line.cents) },
    ...(line.status === 'booked' ? { bookingDate: line.day, valueDate: line.day } : {}),
    ...(line.cents < 0 ? { creditorName: party.name } : { debtorName: party.name }),
    remittanceInformationUnstructured: line.remittance,
    bankTransactionCode: line.code,
  };
}
