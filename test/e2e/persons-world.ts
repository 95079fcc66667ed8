import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { afterAll, beforeAll } from 'vitest';
import { startApp } from '../../src/app.ts';
import { type ApiClient, createApiClient, unwrap } from '../../src/cli/demo/api-client.ts';
import { parseConfig } from '../../src/config/config.ts';
import { sandboxBanks } from '../../src/config/sandbox-banks.ts';
import type { BankEntry } from '../../src/domain/bank-entry.ts';
import {
  CreateConnectSessionDocument,
  CreateUserDocument,
  CurrentSynchronizationCycleDocument,
  RunSynchronizationCycleDocument,
} from '../../src/generated/operations/graphql.ts';
import { createSandboxBank, type SandboxBank, type SandboxBankOptions } from '../../src/sandbox-bank/sandbox-bank.ts';
import { eventually } from '../support/eventually.ts';
import { type FixedClock, fixedClock } from '../support/fixed-clock.ts';
import { testApiKey } from '../support/spawn-tidewater.ts';
import { fillDataDirectory } from '../support/test-database.ts';

export interface SessionNode {
  id: string;
  status: string;
  redirectUrl: string | null;
  errorCode: string | null;
  event: { id: string; type: string } | null;
}

export interface TransactionNode {
  id: string;
  status: string;
  amount: { amount: string; currency: string };
  remittanceInformation: string | null;
}

/** What the API says of a login. */
export interface LoginStatusNode {
  status: string;
  active: boolean;
  blockedBy: string | null;
  nextAction: string;
  unattendedAccessesLeft: number;
  bankLogin: {
    id: string;
    consent: { status: string } | null;
    accounts: { id: string; iban: string; currency: string }[];
  };
}

/** A Tidewater in this process with its embedded stores, beside a sandbox bank in which clara does not take long. */
export interface PersonsWorld {
  clock: FixedClock;
  sandbox: SandboxBank;
  appUrl: string;
  /** Tidewater's own address. */
  url: string;
  api: ApiClient;
  createUser(): Promise<string>;
  createConnectSession(userId: string, bankId: string): Promise<{ id: string; redirectUrl: string }>;
  connectSession(session: { id: string }): Promise<{ status: string; errorCode: string | null }>;
  /** One outcome of createSynchronizationSession; a session that runs is waited for. */
  synchronize(bankLoginId: string): Promise<{ __typename: string; session?: SessionNode; retryAt?: string }>;
  synchronizationSession(id: string): Promise<SessionNode>;
  runCycle(): Promise<void>;
  statuses(userId: string): Promise<LoginStatusNode[]>;
  /** Types of the user's events, oldest first. */
  events(userId: string): Promise<string[]>;
  /** Every transaction of the account. */
  transactions(accountId: string): Promise<TransactionNode[]>;
  deleteUser(userId: string): Promise<void>;
}

const statusQuery = /* GraphQL */ `query ($userId: ID!) {
  loginsSynchronizationStatus(userId: $userId) {
    status active blockedBy nextAction unattendedAccessesLeft
    bankLogin { id consent { status } accounts { id iban currency } }
  }
}`;
const sessionFields = 'id status redirectUrl errorCode event { id type }';
const transactionsQuery = /* GraphQL */ `query ($id: ID!, $after: String) {
  node(id: $id) { ... on Account { transactions(first: 100, after: $after) {
    nodes { id status amount { amount currency } remittanceInformation } pageInfo { hasNextPage endCursor } } } }
}`;

/** One for all tests of a file; `toBanks` lists the banks of the sandbox at this address. */
export function usePersonsWorld({
  toBanks = sandboxBanks,
  clock = fixedClock(),
  sandbox: options = {},
  log,
}: {
  toBanks?: (url: string) => BankEntry[];
  clock?: FixedClock;
  sandbox?: Partial<SandboxBankOptions>;
  /** @default silence */
  log?: Logger;
} = {}): PersonsWorld {
  const world = {} as PersonsWorld;
  const closers: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'tidewater-persons-'));
    closers.push(() => rm(dataDir, { recursive: true, force: true }));
    await fillDataDirectory(dataDir);
    const sandbox = await createSandboxBank({
      host: '127.0.0.1',
      port: 0,
      dataFile: null,
      clock,
      slowMs: 100,
      ...options,
    });
    closers.push(sandbox.close);
    const settings = {
      PORT: '0',
      DATA_DIR: dataDir,
      BOOTSTRAP_API_KEY: testApiKey,
      LOG_LEVEL: 'silent',
    };
    const config = { ...parseConfig(settings, () => ''), sandboxBankPort: null, banks: toBanks(sandbox.url) };
    const app = await startApp({ config, clock, ...(log && { log }) });
    closers.push(app.stop);
    const api = createApiClient(app.url, testApiKey);
    closers.push(api.close);
    Object.assign(world, {
      clock,
      sandbox,
      appUrl: `${sandbox.url}/decoupled/app`,
      url: app.url,
      api,
      ...operations(api, clock),
    });
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });
  return world;
}

function operations(
  api: ApiClient,
  clock: FixedClock,
): Omit<PersonsWorld, 'clock' | 'sandbox' | 'appUrl' | 'url' | 'api'> {
  const synchronizationSession = async (id: string): Promise<SessionNode> =>
    (
      await api.run<{ synchronizationSession: SessionNode }>(
        `query ($id: ID!) { synchronizationSession(id: $id) { ${sessionFields} } }`,
        { id },
      )
    ).synchronizationSession;
  return {
    synchronizationSession,
    async createUser() {
      const { createUser } = await api.run(CreateUserDocument, { input: { recurring: true } });
      return unwrap(createUser).user.id;
    },
    async createConnectSession(userId, bankId) {
      const { createConnectSession } = await api.run(CreateConnectSessionDocument, { input: { userId, bankId } });
      const { id, redirectUrl } = unwrap(createConnectSession).session;
      return { id, redirectUrl: redirectUrl ?? '' };
    },
    connectSession: async ({ id }) =>
      (
        await api.run<{ node: { status: string; errorCode: string | null } }>(
          'query ($id: ID!) { node(id: $id) { ... on ConnectSession { status errorCode } } }',
          { id },
        )
      ).node,
    async synchronize(bankLoginId) {
      const { createSynchronizationSession: result } = await api.run<{
        createSynchronizationSession: { __typename: string; session?: SessionNode; retryAt?: string };
      }>(
        `mutation ($input: CreateSynchronizationSessionInput!) { createSynchronizationSession(input: $input) {
          __typename ... on CreateSynchronizationSessionPayload { session { ${sessionFields} } }
          ... on AccessLimitError { retryAt } } }`,
        { input: { bankLoginId } },
      );
      const { session } = result;
      if (session?.status !== 'RUNNING') return result;
      const ended = await eventually(async () => {
        const now = await synchronizationSession(session.id);
        return now.status === 'RUNNING' ? null : now;
      });
      return { ...result, session: ended };
    },
    async runCycle() {
      // No two cycles open at one moment.
      clock.advance(1_000);
      const isOver = async () => {
        const { currentSynchronizationCycle } = await api.run(CurrentSynchronizationCycleDocument, {});
        return currentSynchronizationCycle === null;
      };
      const { runSynchronizationCycle } = await api.run(RunSynchronizationCycleDocument, {});
      unwrap(runSynchronizationCycle);
      await eventually(isOver, { limitMs: 120_000, what: 'the end of the cycle' });
    },
    statuses: async (userId) =>
      (await api.run<{ loginsSynchronizationStatus: LoginStatusNode[] }>(statusQuery, { userId }))
        .loginsSynchronizationStatus,
    events: async (userId) =>
      (
        await api.run<{ events: { nodes: { type: string }[] } }>(
          'query ($userId: ID!) { events(userId: $userId, first: 100) { nodes { type } } }',
          { userId },
        )
      ).events.nodes.map(({ type }) => type),
    async transactions(id) {
      type Answer = {
        node: { transactions: { nodes: TransactionNode[]; pageInfo: { hasNextPage: boolean; endCursor: string } } };
      };
      const all: TransactionNode[] = [];
      for (let after: string | null = null; ; ) {
        const { node }: Answer = await api.run<Answer>(transactionsQuery, { id, after });
        all.push(...node.transactions.nodes);
        if (!node.transactions.pageInfo.hasNextPage) return all;
        after = node.transactions.pageInfo.endCursor;
      }
    },
    async deleteUser(id) {
      const { deleteUser } = await api.run<{ deleteUser: { __typename: string } }>(
        'mutation ($id: ID!) { deleteUser(id: $id) { __typename ... on Error { message } } }',
        { id },
      );
      unwrap(deleteUser);
    },
  };
}
