import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { BankFailure, type BankFailureCode } from '../../src/banking/bank-failure.ts';
import { type BerlinGroupBank, createBerlinGroupBank } from '../../src/banking/berlin-group/berlin-group-bank.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { type BankReply, BareRefusal, Refusal, sendReply, toJson } from '../../src/sandbox-bank/exchange.ts';
import { isUnreadable } from '../../src/sandbox-bank/traits/shape-traits.ts';
import {
  type EntryQuery,
  type Json,
  joinTraits,
  type ReadingCall,
  type TraitQuestion,
  toBankReply,
} from '../../src/sandbox-bank/traits/trait.ts';
import { selectTraits } from '../../src/sandbox-bank/traits/trait-table.ts';
import { bankEntry, listen } from '../banking/fake-bank.ts';
import { type Answer, type ChangingBank, ownIban, type Telling, toCurrency } from './changing-bank.ts';
import { isBooked, type ToldRow, toTold } from './told-rows.ts';
import type { WrittenTrait } from './written-traits.ts';

/** How banks say over HTTP what befalls them. */
const refusals: Readonly<Record<string, [status: number, code: string]>> = {
  BANK_UNAVAILABLE: [503, 'SERVICE_UNAVAILABLE'],
  REQUEST_REFUSED: [403, 'SERVICE_INVALID'],
  ACCESS_EXCEEDED: [429, 'ACCESS_EXCEEDED'],
  CONSENT_EXPIRED: [401, 'CONSENT_EXPIRED'],
  // An account's balances may be refused with CONSENT_INVALID, and nothing else.
  CONSENT_INVALID: [403, 'CONSENT_UNKNOWN'],
  CREDENTIALS_INVALID: [401, 'PSU_CREDENTIALS_INVALID'],
  CERTIFICATE_REJECTED: [401, 'CERTIFICATE_INVALID'],
} satisfies Partial<Record<BankFailureCode, [number, string]>>;

const consentStatuses: Readonly<Record<string, string>> = { 'revoked-by-psu': 'revokedByPsu' };

/** One account's transactions, from the first question for them to the last page. */
interface Reading {
  answer: Answer;
  telling: Telling;
  bookingStatus: EntryQuery['bookingStatus'];
  pages: ToldRow[][];
  /** What of them has been given out. */
  said: ToldRow[];
}

interface Request {
  url: URL;
  path: string[];
  header(name: string): string | null;
  /** Of the consent that is asked under. */
  consentId: string;
  /** Who asked waits no longer. */
  signal: AbortSignal;
}

export interface BankFront {
  /** The real adapter, before a bank that says what this one has to say, in such writing. The one before it is closed. */
  open(bank: ChangingBank, writing: readonly WrittenTrait[]): Promise<BerlinGroupBank>;
}

/** A changing bank's face: NextGenPSD2 on a loopback port, closed with the test. */
export async function openBankFront(clock: Clock): Promise<BankFront> {
  let answerRequest: (request: Request) => Promise<BankReply>;
  let adapter: BerlinGroupBank | null = null;
  let count = 0;
  onTestFinished(async () => await adapter?.close());
  const origin = await listen(
    createServer((message, response) => void respond(message, response, (request) => answerRequest(request))),
  );
  return {
    async open(bank, writing) {
      await adapter?.close();
      count += 1;
      const baseUrl = `${origin}/${count}`;
      answerRequest = createAnswers({ bank, writing, baseUrl, clock });
      adapter = createBerlinGroupBank(bankEntry(baseUrl), { clock });
      return adapter;
    },
  };

  async function respond(
    message: IncomingMessage,
    response: ServerResponse,
    answer: (request: Request) => Promise<BankReply>,
  ): Promise<void> {
    const url = new URL(`${origin}${message.url}`);
    const header = (name: string) => [message.headers[name] ?? []].flat()[0] ?? null;
    const [, life, , ...path] = url.pathname.split('/').map(decodeURIComponent);
    const controller = new AbortController();
    response.once('close', () => controller.abort());
    const request = { url, path, header, consentId: header('consent-id') ?? '', signal: controller.signal };
    // Of the life before nothing is answered any more.
    const isLate = life !== String(count);
    const reply = isLate ? { status: 404 } : await answer(request).catch(toRefusal);
    if (!controller.signal.aborted) sendReply(response, reply);
  }
}

function toRefusal(error: unknown): BankReply {
  if (error instanceof Refusal || error instanceof BareRefusal) return error.toReply();
  if (!(error instanceof BankFailure)) return { status: 599 };
  const [status, code] = refusals[error.code] ?? [];
  if (status === undefined)
    return { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sorry</html>' };
  return toJson(status, { tppMessages: [{ category: 'ERROR', code }] });
}

interface Deps {
  bank: ChangingBank;
  writing: readonly WrittenTrait[];
  baseUrl: string;
  clock: Clock;
}

function createAnswers({ bank, writing, baseUrl, clock }: Deps): (request: Request) => Promise<BankReply> {
  const traits = joinTraits(selectTraits(writing));
  const readings = new Map<string, Reading>();
  /** Refused within a reading for how they were asked: when they are asked otherwise, or alone, it is the same access. */
  const refused = new Set<string>();

  return async (request) => {
    const [list, resourceId = '', part] = request.path;
    if (list === 'consents') return answerConsent(resourceId);
    if (list !== 'accounts') throw new Refusal(404, 'RESOURCE_UNKNOWN', 'There is no such thing.');
    if (bank.ended.has(request.consentId)) throw new BankFailure('CONSENT_INVALID', 'The consent has ended.');
    if (part === 'transactions') return await answerTransactions(request, resourceId);
    const about = part === 'balances' ? part : 'accounts';
    const question = toQuestion(request, about, about === 'balances' ? resourceId : null);
    traits.admit(question);
    await takeTurn(request, about === 'balances' ? `balances ${resourceId}` : about, null);
    const json = about === 'balances' ? { balances: [] } : { accounts: bank.shownAccounts().map(toAccount) };
    return toBankReply(traits.reply({ status: 200, json }, { ...question, reading: null }));

    function toAccount(index: number): Json {
      const id = `${request.consentId}.${index}`;
      const self = `${baseUrl}/v1/accounts/${id}`;
      const _links = { balances: { href: `${self}/balances` }, transactions: { href: `${self}/transactions` } };
      return { resourceId: id, iban: ownIban, currency: toCurrency(index), name: 'Giro', _links };
    }
  };

  function answerConsent(id: string): BankReply {
    const { status, recurring, ...terms } = bank.getConsent(id);
    return toJson(200, {
      consentStatus: consentStatuses[status] ?? status,
      recurringIndicator: recurring,
      ...terms,
    });
  }

  async function takeTurn(
    { consentId, header, signal }: Request,
    asked: string,
    dateFrom: string | null,
  ): Promise<void> {
    const attended = header('psu-ip-address') !== null;
    const key = `${bank.readingNumber} ${asked}`;
    const what = refused.delete(key) ? `once more, ${asked}` : asked;
    await bank.takeTurn(consentId, { what, consentId, attended, dateFrom }, signal).catch((error: unknown) => {
      const code = error instanceof BankFailure ? error.code : '';
      if (code === 'BANK_UNAVAILABLE' || code === 'REQUEST_REFUSED') refused.add(key);
      throw error;
    });
  }

  function toQuestion({ url, header }: Request, about: TraitQuestion['about'], resourceId: string | null) {
    const index = resourceId === null ? null : toIndex(resourceId);
    const account = index === null ? null : { index, iban: ownIban, currency: toCurrency(index), isCard: false };
    return { about, url, accept: header('accept') ?? '*/*', now: clock.now(), account, reading: null };
  }

  async function answerTransactions(request: Request, resourceId: string): Promise<BankReply> {
    const { searchParams } = request.url;
    const bookingStatus = searchParams.get('bookingStatus') as EntryQuery['bookingStatus'];
    const dateFrom = searchParams.get('dateFrom') ?? '';
    const query: EntryQuery = { bookingStatus, dateFrom, dateTo: '2999-12-31' };
    const page = Number(searchParams.get('page') ?? 0);
    const isFirst = !searchParams.has('page');
    const question = toQuestion(request, 'transactions', resourceId);
    const known = readings.get(resourceId);
    checkAccepted(question.accept);
    traits.admit({ ...question, reading: { query, number: isFirst ? -1 : (known?.answer.number ?? 0), page } });
    const reading = isFirst ? await begin(request, resourceId, query) : known;
    if (!reading?.pages[page]) throw new Refusal(400, 'FORMAT_ERROR', 'There is no such page.');
    return write(reading, { request, question, query, page, resourceId });
  }

  function checkAccepted(accept: string): void {
    const types = traits.formats ?? ['application/json'];
    const isAccepted = types.some((type) => accept.includes(type)) || accept === '*/*';
    if (!isAccepted) throw new Refusal(406, 'REQUESTED_FORMATS_INVALID', `Replies are ${types.join(' or ')}.`);
  }

  async function begin(request: Request, resourceId: string, query: EntryQuery): Promise<Reading> {
    const { bookingStatus, dateFrom } = query;
    const before = readings.get(resourceId);
    // What is pending belongs to the reading of what is booked.
    if (bookingStatus === 'pending' && before?.bookingStatus === 'booked') {
      await takeTurn(request, `pending ${resourceId}`, dateFrom);
      const reading: Reading = { ...before, bookingStatus, pages: before.answer.pages.map(leave(isPending)) };
      readings.set(resourceId, reading);
      return reading;
    }
    await takeTurn(request, `transactions ${resourceId}`, dateFrom);
    const { consentId } = request;
    const answer = bank.tell({ index: toIndex(resourceId), from: dateFrom, consentId });
    const { index, from } = answer;
    const telling: Telling = { consentId, index, from, payments: [], complete: false, coversPending: false };
    bank.told.push(telling);
    const pages = bookingStatus === 'booked' ? answer.pages.map(leave(isBooked)) : answer.pages;
    const reading: Reading = { answer, telling, bookingStatus, pages, said: [] };
    readings.set(resourceId, reading);
    return reading;
  }

  function write(
    reading: Reading,
    {
      request,
      question,
      query,
      page,
      resourceId,
    }: { request: Request; question: TraitQuestion; query: EntryQuery; page: number; resourceId: string },
  ): BankReply {
    const rows = reading.pages[page] ?? [];
    const isLastPage = page === reading.pages.length - 1;
    const self = `${baseUrl}/v1/accounts/${resourceId}/transactions`;
    const pageUrl = (to: number) =>
      `${self}?${new URLSearchParams({ bookingStatus: query.bookingStatus, dateFrom: query.dateFrom, page: String(to) })}`;
    const call: ReadingCall = { query, number: reading.answer.number, page, isLastPage, pageUrl };
    const json = {
      account: { iban: ownIban, currency: question.account?.currency },
      transactions: {
        ...(reading.bookingStatus === 'pending' ? {} : { booked: rows.filter(isBooked) }),
        ...(reading.bookingStatus === 'booked' ? {} : { pending: rows.filter(isPending) }),
        _links: {
          account: { href: `${baseUrl}/v1/accounts/${resourceId}` },
          ...(isLastPage ? {} : { next: { href: pageUrl(page + 1) } }),
        },
      },
    };
    const isAnnounced = writing.includes('download-link') && !request.url.searchParams.has('download');
    if (!isAnnounced) note(reading, { rows, isLastPage });
    return toBankReply(traits.reply({ status: 200, json }, { ...question, reading: call }));
  }

  /** What has been said so far. */
  function note(reading: Reading, { rows, isLastPage }: { rows: readonly ToldRow[]; isLastPage: boolean }): void {
    const { telling, bookingStatus, said } = reading;
    const hasPending = bookingStatus !== 'booked' && !writing.includes('mt940');
    said.push(...rows.filter((row) => hasPending || isBooked(row)));
    const readable = said.filter((row) => !(writing.includes('unreadable-rows') && isUnreadable(row)));
    telling.payments = toTold(readable);
    telling.coversPending = hasPending;
    if (isLastPage) telling.complete = !writing.includes('null-link');
    if (readable.length < said.length) telling.complete = false;
  }
}

function toIndex(resourceId: string): number {
  return Number(resourceId.split('.').at(-1));
}

function isPending(row: ToldRow): boolean {
  return !isBooked(row);
}

function leave(accepts: (row: ToldRow) => boolean): (rows: ToldRow[]) => ToldRow[] {
  return (rows) => rows.filter(accepts);
}
