import { X509Certificate } from 'node:crypto';
import { createServer, request as sendOn } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { createBankDirectory } from '../../src/banking/bank-directory.ts';
import type { BankPort } from '../../src/banking/bank-port.ts';
import { createFormBrowser } from '../../src/cli/form-browser.ts';
import { parseBanksFile } from '../../src/config/banks-file.ts';
import type { BankEntry } from '../../src/domain/bank-entry.ts';
import { createSandboxBank, type SandboxBankOptions } from '../../src/sandbox-bank/sandbox-bank.ts';
import { createConnectedWorld, goToBank } from '../consent/connected-world.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { beginConsent, collect, consentRequest, failureOf, givenAccount, listen, psu } from './fake-bank.ts';
import { createTestAuthority, type TestCertificate } from './test-certificates.ts';

const authority = await createTestAuthority();
const stranger = await createTestAuthority();
const certificates: Record<string, TestCertificate> = {};
if (authority && stranger) {
  certificates.server = await authority.issue();
  certificates.client = await authority.issue();
  certificates.other = await authority.issue();
  certificates.seal = await authority.issue();
  certificates.expired = await authority.issue({ days: -1 });
  certificates.strange = await stranger.issue();
}
afterAll(async () => {
  await authority?.close();
  await stranger?.close();
});

// The certificates are of today, so the clocks are, too.
const today = new Date();

function certificate(name: string): TestCertificate {
  const found = certificates[name];
  if (!found) throw new Error(`There is no certificate ${name}.`);
  return found;
}

const keyIdOf = ({ certificate }: TestCertificate) => `SN=${new X509Certificate(certificate).serialNumber},CA=CN=Test`;

/** The operator's file with the one bank, its certificates in files beside it. Null leaves one out. */
function readBanksFile(
  baseUrl: string,
  { client, seal, keyId }: { client: string | null; seal: string | null; keyId?: string },
): BankEntry[] {
  const pair = (name: string) => ({ certificateFile: `${name}.crt`, privateKeyFile: `${name}.key` });
  const list = [
    {
      id: 'bank_demanding',
      name: 'Demanding Bank',
      country: 'DE',
      baseUrl,
      preferredApproach: 'embedded',
      certificateAuthorityFile: 'authority.crt',
      ...(client ? { clientCertificate: pair(client) } : {}),
      ...(seal ? { signingCertificate: { ...pair(seal), keyId: keyId ?? keyIdOf(certificate(seal)) } } : {}),
    },
  ];
  const parsed = parseBanksFile('/etc/tidewater/banks.json', (path) => {
    if (path.endsWith('banks.json')) return JSON.stringify(list);
    if (path === '/etc/tidewater/authority.crt') return authority?.certificate ?? '';
    const [, name = '', ending] = /^\/etc\/tidewater\/(\w+)\.(crt|key)$/.exec(path) ?? [];
    return ending === 'crt' ? certificate(name).certificate : certificate(name).privateKey;
  });
  if ('faults' in parsed) throw new Error(parsed.faults.join('\n'));
  return parsed.entries;
}

const demands = (): Partial<SandboxBankOptions> => ({
  tls: certificate('server'),
  clientAuthority: authority?.certificate ?? '',
  signingAuthority: authority?.certificate ?? '',
});

async function startSandbox(options: Partial<SandboxBankOptions>): Promise<string> {
  const clock = fixedClock(today);
  const sandbox = await createSandboxBank({ host: '127.0.0.1', port: 0, dataFile: null, clock, ...options });
  onTestFinished(async () => await sandbox.close());
  return sandbox.url;
}

function openBank(entries: BankEntry[]): BankPort {
  const directory = createBankDirectory(entries, { clock: fixedClock(today) });
  onTestFinished(async () => await directory.close());
  return directory.get('bank_demanding');
}

const request = { ...consentRequest, validUntil: today.toISOString().slice(0, 10) };

describe.skipIf(!authority)('a bank that demands client certificate and signatures', () => {
  test('anna connects through an entry of BANKS_FILE, and is synchronized without being there', async () => {
    const ours = { client: 'client', seal: 'seal' };
    const world = await createConnectedWorld({
      clock: fixedClock(today),
      sandbox: demands(),
      toEntries: (url) => readBanksFile(`${url}/embedded`, ours),
    });
    const session = await world.createSession();
    let page = await goToBank(world.linkOf(session), 'bank_demanding');
    for (const entry of [{ psu_id: 'anna' }, { password: 'sandbox' }, { methodId: 'sms' }, { otp: '123456' }]) {
      page = await page.submit(entry).catch(() => page);
    }
    await createFormBrowser().open(world.linkOf(session));
    expect(await world.session(session.id)).toMatchObject({ status: 'COMPLETED' });
    expect(await world.database.prisma.account.count()).toBe(2);
    const before = await world.database.prisma.transaction.count();
    expect(before).toBeGreaterThan(100);

    world.clock.advance(3_600_000);
    const { id: bankLoginId } = await world.database.prisma.bankLogin.findFirstOrThrow();
    const unattended = { bankLoginId, psuIpAddress: null, returnUrl: null, idempotencyKey: null };
    const run = await world.synchronizationSessions.createSynchronizationSession(world.clientId, unattended);
    expect(run).toMatchObject({ status: 'COMPLETED', attended: false });
    expect(await world.database.prisma.transaction.count()).toBeGreaterThan(before);
  });

  test('what we show is enough for every call of a consent’s life', async () => {
    const url = await startSandbox(demands());
    const bank = openBank(readBanksFile(`${url}/embedded`, { client: 'client', seal: 'seal' }));
    const { credentials } = await beginConsent(bank, request);
    for (const input of [
      { step: 'authenticate', psuId: 'anna', corporateId: null, password: 'sandbox' },
      { step: 'choose-method', methodId: 'sms' },
      { step: 'enter-otp', otp: '123456' },
    ] as const) {
      await bank.continue(credentials, { psu, input });
    }
    expect((await bank.getProgress(credentials)).next.step).toBe('done');
    expect((await bank.getConsent(credentials)).status).toBe('valid');
    const access = { credentials, psu: null };
    const [account = givenAccount()] = (await bank.listAccounts(access)).accounts;
    expect((await bank.readBalances(account, access)).balances).toHaveLength(2);
    const dateFrom = new Date(today.getTime() - 30 * 86_400_000).toISOString().slice(0, 10);
    const [page] = await collect(bank.listTransactions(account, { dateFrom }, access));
    expect(page?.transactions).not.toEqual([]);
    await bank.end(credentials);
  });

  test.each<[what: string, entry: Parameters<typeof readBanksFile>[1], code: string, messageCode: string]>([
    ['no client certificate', { client: null, seal: 'seal' }, 'CERTIFICATE_REJECTED', 'CERTIFICATE_MISSING'],
    ['one of another authority', { client: 'strange', seal: 'seal' }, 'CERTIFICATE_REJECTED', 'CERTIFICATE_INVALID'],
    ['one that has expired', { client: 'expired', seal: 'seal' }, 'CERTIFICATE_REJECTED', 'CERTIFICATE_EXPIRED'],
    ['no signature', { client: 'client', seal: null }, 'SIGNATURE_REJECTED', 'SIGNATURE_MISSING'],
    [
      'a seal of another authority',
      { client: 'client', seal: 'strange' },
      'CERTIFICATE_REJECTED',
      'CERTIFICATE_INVALID',
    ],
    ['a seal that has expired', { client: 'client', seal: 'expired' }, 'CERTIFICATE_REJECTED', 'CERTIFICATE_EXPIRED'],
    [
      'the name of another key',
      { client: 'client', seal: 'seal', keyId: 'SN=01,CA=CN=Test' },
      'SIGNATURE_REJECTED',
      'SIGNATURE_INVALID',
    ],
  ])('%s is refused, and is the operator’s alarm', async (_what, entry, code, messageCode) => {
    const bank = openBank(readBanksFile(`${await startSandbox(demands())}/embedded`, entry));
    const failure = await failureOf(bank.begin(request));
    expect(failure).toMatchObject({ code, details: { httpStatus: 401, messageCode } });
    expect(failure.message).toContain(`bank_demanding answered 401 ${messageCode}`);
  });

  test('a client certificate opens only the consents that were made with it', async () => {
    const url = `${await startSandbox(demands())}/embedded`;
    const ours = openBank(readBanksFile(url, { client: 'client', seal: 'seal' }));
    const { credentials } = await beginConsent(ours, request);
    const others = openBank(readBanksFile(url, { client: 'other', seal: 'seal' }));
    const failure = await failureOf(others.getConsent(credentials));
    expect(failure).toMatchObject({ code: 'CONSENT_INVALID', details: { httpStatus: 400 } });
  });
});

describe.skipIf(!authority)('somebody between us and a bank that demands signatures', () => {
  interface Passing {
    headers: Record<string, string | undefined>;
    body: string;
  }

  /** Sends everything on to the bank, changed. */
  async function startTamperer(bankUrl: string, change: (passing: Passing) => void): Promise<string> {
    const server = createServer(async (message, response) => {
      const passing: Passing = { headers: { ...message.headers } as Passing['headers'], body: await text(message) };
      change(passing);
      const { 'content-length': _length, 'transfer-encoding': _encoding, ...headers } = passing.headers;
      const target = new URL(message.url ?? '', bankUrl);
      const onwards = sendOn(target, { method: message.method ?? 'GET', headers }, (reply) => {
        response.writeHead(reply.statusCode ?? 500, reply.headers);
        reply.pipe(response);
      });
      onwards.end(passing.body);
    });
    return await listen(server);
  }

  const connect = async (change: (passing: Passing) => void) => {
    const url = await startSandbox({ signingAuthority: authority?.certificate ?? '' });
    const between = await startTamperer(url, change);
    return openBank(readBanksFile(`${between}/embedded`, { client: null, seal: 'seal' })).begin(request);
  };

  test('who changes nothing is not noticed', async () => {
    expect((await connect(() => {})).progress.next.step).toBe('identify');
  });

  test.each<[what: string, change: (passing: Passing) => void, code: string, messageCode: string]>([
    [
      'changes the body',
      (passing) => {
        passing.body = passing.body.replace('"recurringIndicator":true', '"recurringIndicator":false');
      },
      'SIGNATURE_REJECTED',
      'SIGNATURE_INVALID',
    ],
    [
      'sends the end user elsewhere',
      ({ headers }) => {
        headers['tpp-redirect-uri'] = 'https://evil.example';
      },
      'SIGNATURE_REJECTED',
      'SIGNATURE_INVALID',
    ],
    [
      'takes the digest away',
      ({ headers }) => {
        delete headers.digest;
      },
      'SIGNATURE_REJECTED',
      'SIGNATURE_MISSING',
    ],
    [
      'takes the certificate away',
      ({ headers }) => {
        delete headers['tpp-signature-certificate'];
      },
      'CERTIFICATE_REJECTED',
      'CERTIFICATE_MISSING',
    ],
    [
      'holds the request back for an hour',
      ({ headers }) => {
        headers.date = new Date(today.getTime() - 3_600_000).toUTCString();
      },
      'REQUEST_REFUSED',
      'TIMESTAMP_INVALID',
    ],
  ])('who %s is refused', async (_what, change, code, messageCode) => {
    expect(await failureOf(connect(change))).toMatchObject({ code, details: { messageCode } });
  });
});
