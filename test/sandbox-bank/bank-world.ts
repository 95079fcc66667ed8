import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { openPage, type Page } from '../../src/cli/form-browser.ts';
import { createSandboxBank, type SandboxBankOptions } from '../../src/sandbox-bank/sandbox-bank.ts';
import { type FixedClock, fixedClock } from '../support/fixed-clock.ts';

export const now = '2026-03-10T10:00:00Z';
export const redirectUri = 'https://tidewater.example/back';
export const nokRedirectUri = 'https://tidewater.example/not-ok';
export const consentBody = {
  access: { allPsd2: 'allAccounts' },
  recurringIndicator: true,
  validUntil: '2026-06-01',
  frequencyPerDay: 4,
  combinedServiceIndicator: false,
};

export interface Reply {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: replies are looked into freely.
  body: any;
}

export interface Call {
  method?: string;
  /** Null takes the usual one away. */
  headers?: Record<string, string | null>;
  body?: unknown;
}

export interface BankWorld {
  url: string;
  clock: FixedClock;
  errors: unknown[];
  replies: { method: string; url: string; reply: Reply }[];
  call(path: string, call?: Call): Promise<Reply>;
  close(): Promise<void>;
}

/** A bank on a port of its own, with one approach; closed when the test is over. */
export async function startBank(options: Partial<SandboxBankOptions> & { approach?: string } = {}): Promise<BankWorld> {
  const clock = fixedClock(now);
  const errors: unknown[] = [];
  const { approach = 'redirect', ...given } = options;
  const bank = await createSandboxBank({
    host: '127.0.0.1',
    port: 0,
    dataFile: null,
    clock,
    slowMs: 50,
    onError: (error) => errors.push(error),
    ...given,
  });
  onTestFinished(async () => await bank.close());
  const url = `${bank.url}/${approach}`;
  const replies: BankWorld['replies'] = [];
  return {
    url,
    clock,
    errors,
    replies,
    close: bank.close,
    async call(path, { method = 'GET', headers = {}, body } = {}) {
      const type = body === undefined ? {} : { 'content-type': 'application/json' };
      const sent = { 'x-request-id': randomUUID(), ...type, ...headers };
      const response = await fetch(path.startsWith('http') ? path : `${url}${path}`, {
        method,
        headers: Object.entries(sent).flatMap(([name, value]) => (value === null ? [] : [[name, value]])) as [
          string,
          string,
        ][],
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json');
      const reply = { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
      replies.push({ method, url: response.url, reply });
      return reply;
    },
  };
}

export async function createConsent(
  bank: BankWorld,
  { headers = {}, body = {} }: { headers?: object; body?: object } = {},
) {
  return await bank.call('/v1/consents', {
    method: 'POST',
    headers: {
      'psu-ip-address': '192.0.2.7',
      'tpp-redirect-uri': redirectUri,
      'tpp-nok-redirect-uri': nokRedirectUri,
      ...headers,
    },
    body: { ...consentBody, ...body },
  });
}

/** The bank's page, as a browser shows it; addresses of the TPP are not gone to. */
export async function openBankPage(url: string): Promise<Page> {
  return await openPage(url, { stopBefore: (target) => target.startsWith('https://tidewater.example') });
}

export async function approve(page: Page, psuId: string): Promise<Page> {
  const otpPage = await page.submit({ psu_id: psuId, password: 'sandbox' });
  const approvalPage = await otpPage.submit({ otp: '123456' });
  return await approvalPage.submit({}, 'approve');
}

/** A valid consent, and how to read under it. */
export async function connect(bank: BankWorld, psuId: string, body: object = {}) {
  const { body: created } = await createConsent(bank, { body });
  await approve(await openBankPage(created._links.scaRedirect.href), psuId);
  const consentId: string = created.consentId;
  const read = async (path: string, headers: Record<string, string> = {}) =>
    await bank.call(path, { headers: { 'consent-id': consentId, ...headers } });
  const attended = async (path: string) => await read(path, { 'psu-ip-address': '192.0.2.7' });
  return { consentId, read, attended };
}

export type Connection = Awaited<ReturnType<typeof connect>>;

/** All pages of the transactions of all accounts, as lists by account. */
export async function readEverything(connection: Connection, query = 'bookingStatus=both&dateFrom=2025-12-10') {
  const { body } = await connection.attended('/v1/accounts');
  const lists = [];
  for (const { resourceId } of body.accounts) {
    lists.push(await readTransactions(connection, resourceId, query));
  }
  return lists;
}

export async function readTransactions(connection: Connection, resourceId: string, query: string) {
  const booked = [];
  const pending = [];
  let url: string | undefined = `/v1/accounts/${resourceId}/transactions?${query}`;
  while (url) {
    const { body }: Reply = await connection.attended(url);
    booked.push(...(body.transactions.booked ?? []));
    pending.push(...(body.transactions.pending ?? []));
    url = body.transactions._links.next?.href;
  }
  return { booked, pending };
}
