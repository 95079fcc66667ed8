import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { serveHelper } from '../helper-process.ts';
import { accountCountOf, hasSecondPage } from '../paced-logins.ts';

/** A bank that takes its time: every call lasts so long, however many come at once. */
export interface PacedBankOptions {
  callMs: number;
}

const entriesPerPage = 20;

await serveHelper<PacedBankOptions>(async ({ callMs }) => {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://bank');
    const consent = Number(String(request.headers['consent-id']).split('-')[1]);
    const reply = answer(url, consent);
    await delay(callMs);
    const body = JSON.stringify(reply ?? { tppMessages: [{ category: 'ERROR', code: 'RESOURCE_UNKNOWN' }] });
    response.writeHead(reply ? 200 : 404, { 'content-type': 'application/json' }).end(body);
  });
  server.keepAliveTimeout = 65_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { ready: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }, answer: () => null };
});

function answer(url: URL, consent: number): object | null {
  const [, , list, id, part] = url.pathname.split('/');
  if (list !== 'accounts') return null;
  if (!id)
    return { accounts: Array.from({ length: accountCountOf(consent) }, (_, index) => toAccount(consent, index)) };
  const index = Number(id.split('-').at(-1));
  if (part === 'balances') {
    return { balances: [{ balanceType: 'expected', balanceAmount: { currency: 'EUR', amount: '100.00' } }] };
  }
  const page = Number(url.searchParams.get('page') ?? 0);
  const isLast = page > 0 || !hasSecondPage(consent, index);
  const next = `/v1/accounts/${id}/transactions?page=1`;
  return { transactions: { booked: toEntries(id, page), _links: isLast ? {} : { next: { href: next } } } };
}

function toAccount(consent: number, index: number): object {
  const resourceId = `account-${consent}-${index}`;
  const self = `/v1/accounts/${resourceId}`;
  return {
    resourceId,
    bban: `${consent * 10 + index}`,
    currency: 'EUR',
    name: `Account ${index + 1}`,
    _links: { balances: { href: `${self}/balances` }, transactions: { href: `${self}/transactions` } },
  };
}

function toEntries(account: string, page: number): object[] {
  const day = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
  return Array.from({ length: entriesPerPage }, (_, number) => ({
    transactionId: `${account}-${page}-${number}`,
    bookingDate: day,
    transactionAmount: { currency: 'EUR', amount: `-${number + 1}.20` },
    creditorName: 'Coffee Bar',
    remittanceInformationUnstructured: `Card payment ${page}-${number}`,
  }));
}
