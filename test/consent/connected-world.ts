import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { createBankDataStore } from '../../src/accounts/bank-data-store.ts';
import { type AuditLog, createAuditLog } from '../../src/audit/audit-log.ts';
import { createAuditStore } from '../../src/audit/audit-store.ts';
import { createBankDirectory } from '../../src/banking/bank-directory.ts';
import type { BankPort } from '../../src/banking/bank-port.ts';
import { createBerlinGroupBank } from '../../src/banking/berlin-group/berlin-group-bank.ts';
import { createFormBrowser, type Page } from '../../src/cli/form-browser.ts';
import { createUserStore } from '../../src/clients/user-store.ts';
import { createUsers, type Users } from '../../src/clients/users.ts';
import { sandboxBanks } from '../../src/config/sandbox-banks.ts';
import { createAccessBudget } from '../../src/consent/access-budget-store.ts';
import { createBankStore } from '../../src/consent/bank-store.ts';
import { type Connections, createConnections } from '../../src/consent/connections.ts';
import type { Session } from '../../src/consent/session-store.ts';
import type { NewConnectSession } from '../../src/consent/sessions.ts';
import type { BankEntry } from '../../src/domain/bank-entry.ts';
import { createEventLog, type EventLog } from '../../src/events/event-log.ts';
import type { EventRecord } from '../../src/events/event-record.ts';
import { createLocalEventSignal } from '../../src/events/event-signal.ts';
import { createPages } from '../../src/http/pages/pages.ts';
import { createSandboxBank, type SandboxBank, type SandboxBankOptions } from '../../src/sandbox-bank/sandbox-bank.ts';
import type { Database } from '../../src/storage/database.ts';
import { createEncryption, singleKey } from '../../src/storage/encryption.ts';
import { createSynchronization, type Synchronization } from '../../src/sync/synchronization.ts';
import type { SynchronizationSessions } from '../../src/sync/synchronization-sessions.ts';
import { fanOutSql } from '../../src/webhooks/fan-out.ts';
import { insertClient } from '../support/enrolled-users.ts';
import { type FixedClock, fixedClock } from '../support/fixed-clock.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { createTestLog, type TestLog } from '../sync/test-log.ts';

/** The sandbox bank, the adapter, the hosted pages over real HTTP and an embedded database: all that connecting a bank needs. */
export interface ConnectedWorld {
  database: Database;
  clock: FixedClock;
  users: Users;
  connections: Connections;
  synchronization: Synchronization;
  synchronizationSessions: SynchronizationSessions;
  eventLog: EventLog;
  audit: AuditLog;
  log: TestLog;
  clientId: string;
  url: string;
  bankUrl: string;
  sandbox: Pick<SandboxBank, 'listStatements' | 'countReusedTokens'>;
  /** What each call of a bank does instead of the adapter's; taken from here at every call. */
  bankOverrides: Partial<BankPort>;
  /** Calls of all banks, by name. */
  bankCalls: string[];
  createSession(input?: Partial<NewConnectSession>): Promise<Session>;
  linkOf(session: Session): string;
  session(id: string): Promise<Session>;
  events(): Promise<EventRecord[]>;
}

const returnOrigin = 'https://client.example';
export const returnUrl = `${returnOrigin}/banking`;

export interface ConnectedWorldOptions {
  clock?: FixedClock;
  /** @default an embedded one of its own */
  database?: Database;
  sandbox?: Partial<SandboxBankOptions>;
  /** The operator's list. @default the sandbox's three */
  toEntries?: (sandboxUrl: string) => BankEntry[];
  /** Where a proxy passes requests on from. @default our own address */
  publicUrl?: () => string;
  /** @default none */
  embeddingOrigins?: readonly string[];
}

export async function createConnectedWorld(options: ConnectedWorldOptions = {}): Promise<ConnectedWorld> {
  const database = options.database ?? (await openTestDatabase());
  const clock = options.clock ?? fixedClock();
  const log = createTestLog();
  const sandbox = await createSandboxBank({ host: '127.0.0.1', port: 0, dataFile: null, clock, ...options.sandbox });
  const bankOverrides: Partial<BankPort> = {};
  const bankCalls: string[] = [];
  const entries = (options.toEntries ?? sandboxBanks)(sandbox.url);
  const banks = createBankDirectory(entries, {
    clock,
    createBank: (entry) => watched(createBerlinGroupBank(entry, { clock }), bankOverrides, bankCalls),
  });
  const clientId = await insertClient(database, clock.now());
  await database.prisma.client.update({ where: { id: clientId }, data: { returnOrigins: [returnOrigin] } });
  const bankStore = createBankStore(database);
  await bankStore.replaceAll(entries);
  const encryption = createEncryption(singleKey(Buffer.alloc(32, 7)));
  const eventLog = createEventLog({ database, signal: createLocalEventSignal(), fanOutSql });
  const budget = createAccessBudget(database);
  const audit = createAuditLog({
    clock,
    store: createAuditStore(database),
    onError: (error) => {
      throw error;
    },
  });
  const common = { clock, database, banks, encryption, eventLog, audit, budget, log };
  const synchronization = createSynchronization({
    ...common,
    onAccess: audit.noteBankAccess,
    bankData: createBankDataStore(database),
    queue: { enqueueLane: async () => {} },
    laneCount: 1,
  });
  const users = createUsers({ clock, store: createUserStore(database) });
  let url = '';
  const publicUrl = options.publicUrl ?? (() => url);
  const connections = createConnections({
    ...common,
    bankStore,
    users,
    runSession: synchronization.sessionRunner.runSession,
    publicUrl,
    allowLoopbackReturnUrls: false,
  });
  const pages = createPages({
    ...connections,
    banks: bankStore,
    embeddingOrigins: options.embeddingOrigins ?? [],
    publicUrl,
    log,
  });
  const server = createServer((request, response) => {
    pages(request, response, new URL(request.url ?? '', url)).then(
      (answered) => answered || response.writeHead(404).end(),
      (error) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await synchronization.stop(1_000);
    await banks.close();
    await sandbox.close();
    await audit.close();
    eventLog.close();
  });
  return {
    database,
    clock,
    users,
    connections,
    synchronization,
    synchronizationSessions: synchronization.createSessions(connections),
    eventLog,
    audit,
    log,
    clientId,
    url,
    bankUrl: sandbox.url,
    sandbox,
    bankOverrides,
    bankCalls,
    createSession: (input = {}) =>
      connections.sessions.createConnectSession(clientId, {
        userId: null,
        user: input.userId ? null : { externalId: null, type: 'PERSON', recurring: true, idempotencyKey: null },
        bankId: null,
        storeSecrets: true,
        returnUrl: null,
        idempotencyKey: null,
        ...input,
      }),
    linkOf(session) {
      const link = connections.sessions.redirectUrl(session);
      if (!link) throw new Error(`The session ${session.id} awaits nobody: ${session.status}`);
      return link;
    },
    session: (id) => database.prisma.session.findUniqueOrThrow({ where: { id } }),
    events: () => eventLog.read({ clientId, limit: 100 }),
  };
}

function watched(bank: ReturnType<typeof createBerlinGroupBank>, overrides: Partial<BankPort>, calls: string[]) {
  return new Proxy(bank, {
    get(target, name: keyof BankPort) {
      const own = Reflect.get(target, name);
      if (typeof own !== 'function') return own;
      return (...args: unknown[]) => {
        calls.push(name);
        return Reflect.apply(overrides[name] ?? own, target, args);
      };
    },
  });
}

/** Opens the link, and chooses the bank where there is a choice: ends before the bank's login, or on our form for it. */
export async function goToBank(link: string, bankId = 'bank_sandbox', browser = createFormBrowser()): Promise<Page> {
  let page = await browser.open(link);
  for (let i = 0; i < 3 && !hasField(page, 'psu_id'); i++) {
    page = await page.submit({}, bankId).catch(() => page.submit({ bankId }));
  }
  return page;
}

/** What fetch and its like send to be one browser, the same each time. */
export const oneBrowser = { cookie: `tidewater-browser=${'b'.repeat(43)}` };

/** The redirect SCA, on the bank's pages up to its question. */
export async function logInAtBank(page: Page, psuId: string): Promise<Page> {
  const code = await page.submit({ psu_id: psuId, password: 'sandbox' });
  return await code.submit({ otp: '123456' });
}

/** From a hosted link to the end, by redirect. */
export async function connectByRedirect(link: string, psuId: string): Promise<Page> {
  const question = await logInAtBank(await goToBank(link), psuId);
  return await question.submit({}, 'approve');
}

export function hasField(page: Page, name: string): boolean {
  return page.forms.some((form) => form.method === 'POST' && form.fields.some((field) => field.name === name));
}
