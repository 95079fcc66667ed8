import type { BankEntry } from '../../domain/bank-entry.ts';
import type { Clock } from '../../domain/clock.ts';
import { BankFailure } from '../bank-failure.ts';
import type { BankLearnings } from '../bank-learnings.ts';
import type { BankAccount, TransactionPage, TransactionQuery } from '../bank-port.ts';
import type { AccountHandle, AskForData } from './account-reading.ts';
import type { ConsentAccess } from './consent-access.ts';
import { createHistoryLimit } from './history-limit.ts';
import { createFormatNegotiation } from './report-formats.ts';
import { type Report, readReport, UnreadableReport } from './report-reading.ts';
import type { RowContext } from './transaction-reading.ts';
import type { Xs2aReply } from './xs2a-client.ts';

/** More pages than any account has: a bank that always names one more page ends here. */
const maxPageCount = 2_000;

const bothFact = 'booking-status';
const pendingFact = 'pending-transactions';

export interface TransactionListingDeps {
  entry: Pick<BankEntry, 'formats' | 'historyDays' | 'amountSign'>;
  clock: Clock;
  learnt: BankLearnings;
  ask: AskForData;
}

export interface TransactionListing {
  account: BankAccount;
  handle: AccountHandle;
  query: TransactionQuery;
  access: ConsentAccess;
}

interface ReadPage extends Report {
  /** As it came: a page that comes once more is the end. */
  text: string;
  /** Null where there was none. */
  reply: Xs2aReply<null> | null;
}

type BookingStatus = 'both' | 'booked' | 'pending';

export function createTransactionListing(deps: TransactionListingDeps) {
  const { entry, learnt, ask } = deps;
  const formats = createFormatNegotiation(entry.formats, { learnt, ask });
  const history = createHistoryLimit(deps);

  return async function* list(given: TransactionListing): AsyncGenerator<TransactionPage> {
    const { account, query } = given;
    const dateFrom = await history.latest(query.dateFrom);
    const asked = { ...given, query: { ...query, dateFrom } };
    const { page: first, status } = await history.watch(account.resourceId, dateFrom, () => askFirst(asked));
    const from = dateFrom > query.dateFrom ? { from: dateFrom } : {};
    const isPendingAsked = status === 'both';
    for await (const page of followPages(first, asked, toPath(asked, status))) {
      yield { ...toPage(page, isPendingAsked && page.mayHavePending), ...from };
    }
    if (status === 'booked') yield* listPending(asked, from);
  };

  async function askFirst(given: TransactionListing): Promise<{ page: ReadPage; status: BookingStatus }> {
    if ((await learnt.get(bothFact)) === 'booked') return { page: await askFor(given, 'booked'), status: 'booked' };
    try {
      return { page: await askFor(given, 'both'), status: 'both' };
    } catch (error) {
      if (!mayRefuseBoth(error)) throw error;
      const page = await askFor(given, 'booked');
      await learnt.put(bothFact, 'booked');
      return { page, status: 'booked' };
    }
  }

  /** Where the bank has them apart, and says so; they are no reason to lose what is booked. */
  async function* listPending(given: TransactionListing, from: { from?: string }): AsyncGenerator<TransactionPage> {
    if ((await learnt.get(pendingFact)) === 'none') return;
    try {
      const first = await askFor(given, 'pending');
      for await (const page of followPages(first, given, toPath(given, 'pending'))) {
        yield { ...toPage(page, true), ...from };
      }
    } catch (error) {
      const isPassing = error instanceof BankFailure && /^(BANK_UNAVAILABLE|MALFORMED_REPLY)$/.test(error.code);
      if (!isPassing && !mayRefuseBoth(error)) throw error;
      if (!isPassing) await learnt.put(pendingFact, 'none');
    }
  }

  async function askFor(given: TransactionListing, status: BookingStatus): Promise<ReadPage> {
    return await readAt(toPath(given, status), given);
  }

  /** What lies there; an account that the bank knows nothing of has no transactions. */
  async function readAt(path: string | URL, given: TransactionListing): Promise<ReadPage> {
    let reply: Xs2aReply<null>;
    try {
      reply = await formats.ask({ operation: 'list transactions', path }, given.access);
    } catch (error) {
      if (typeof path === 'string' && isUnknownResource(error)) return noPage;
      throw error;
    }
    const report = read(reply, toContext(given));
    if (report.download === null) return { ...report, text: reply.text, reply };
    const question = { operation: 'download transactions', path: reply.resolveLink(report.download) };
    const file = await formats.ask(question, given.access);
    return { ...read(file, toContext(given)), next: report.next, text: file.text, reply };
  }

  async function* followPages(first: ReadPage, given: TransactionListing, path: string): AsyncGenerator<ReadPage> {
    const seen = new Set<string>();
    let page = first;
    for (;;) {
      yield page;
      if (page.next === null || page.reply === null) return;
      const next = page.reply.resolveLink(page.next);
      // The last page may name itself, or the first one.
      if (seen.has(next.href) || next.href.endsWith(path)) return;
      if (seen.size >= maxPageCount) throw page.reply.malformed('the pages of transactions do not end');
      seen.add(next.href);
      const following = await readAt(next, given);
      if (following.text === page.text) return;
      page = following;
    }
  }

  function toContext({ account, handle }: TransactionListing): RowContext {
    const isReversed = account.kind === 'CARD' && (handle.listed.isReversed || entry.amountSign === 'reversed');
    const currency = account.currency === 'XXX' ? null : account.currency;
    return { currency, iban: account.iban, isReversed };
  }
}

function read(reply: Xs2aReply<null>, context: RowContext): Report {
  try {
    return readReport(reply, context);
  } catch (error) {
    if (error instanceof UnreadableReport) throw reply.malformed(error.message);
    throw error;
  }
}

function toPage(page: ReadPage, coversPending: boolean): TransactionPage {
  const { transactions, faults, skippedRows, complete, format } = page;
  return { transactions, faults, skippedRows, coversPending, complete, ...(format && { format }) };
}

function toPath({ handle, query }: TransactionListing, bookingStatus: BookingStatus): string {
  const parameters = new URLSearchParams({ bookingStatus, dateFrom: query.dateFrom });
  if (query.dateTo) parameters.set('dateTo', query.dateTo);
  return `${handle.path}/transactions?${parameters}`;
}

/** Any code, but those that say what it is. */
function mayRefuseBoth(error: unknown): boolean {
  if (!(error instanceof BankFailure) || error.code !== 'REQUEST_REFUSED') return false;
  const { httpStatus, messageCode } = error.details;
  return httpStatus !== 401 && httpStatus !== 406 && messageCode !== 'PERIOD_INVALID';
}

function isUnknownResource(error: unknown): boolean {
  return (
    error instanceof BankFailure && error.details.httpStatus === 404 && error.details.messageCode === 'RESOURCE_UNKNOWN'
  );
}

const noPage: ReadPage = {
  transactions: [],
  faults: [],
  skippedRows: 0,
  format: null,
  mayHavePending: true,
  complete: true,
  next: null,
  download: null,
  text: '',
  reply: null,
};
