import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { findViolations, type HouseRules } from './support/source-rules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const ground = ['domain'];
const firstFloor = [...ground, 'storage', 'config'];
const secondFloor = ['events', 'banking', 'clients', 'accounts'];
const thirdFloor = ['consent', 'webhooks'];
const rooms = [...secondFloor, ...thirdFloor, 'sync'];
const everything = [...firstFloor, ...rooms, 'graphql', 'jobs', 'http', 'app.ts', 'cli'];

/** The house: who may import whom. Imports point down only; what is not here is forbidden. */
const house: HouseRules = {
  rooms: {
    domain: { mayImport: [] },
    storage: { mayImport: ground },
    config: { mayImport: ground },
    statements: { mayImport: ground },
    events: { mayImport: firstFloor },
    clients: { mayImport: firstFloor },
    accounts: { mayImport: firstFloor },
    banking: { mayImport: [...ground, 'statements'] },
    consent: { mayImport: [...firstFloor, ...secondFloor] },
    webhooks: { mayImport: [...firstFloor, ...secondFloor] },
    sync: { mayImport: [...firstFloor, ...secondFloor, 'consent'] },
    graphql: { mayImport: [...rooms, 'config', 'domain'], mayImportTypes: ['storage'] },
    jobs: { mayImport: [...rooms, 'config', 'domain'], mayImportTypes: ['storage'] },
    http: { mayImport: ['graphql', ...rooms, 'config', 'domain'] },
    'main.ts': { mayImport: everything },
    'app.ts': { mayImport: everything },
    cli: { mayImport: everything },
    'sandbox-bank': { mayImport: [] },
  },
  generated: {
    room: 'generated',
    mayBeImportedBy: (path) => /-store\.ts$|^src\/(storage|graphql|cli)\/|^src\/(app|main)\.ts$/.test(path),
  },
  doors: { 'sandbox-bank': { file: 'src/sandbox-bank/sandbox-bank.ts', from: ['app.ts', 'cli'] } },
  mayQuery: (path) => path.endsWith('-store.ts') || path.startsWith('src/storage/'),
  mayReadEnvironment: (path) => /^src\/(config|cli)\/|^src\/(sandbox-bank\/)?main\.ts$/.test(path),
  models: await readModels(),
};

test('src keeps the rules of the house', async () => {
  const sources = await readSources();
  expect(Object.keys(sources).length).toBeGreaterThan(10);
  expect(findViolations(sources, house)).toEqual([]);
});

describe('each rule can be broken', () => {
  const broken: [promise: string, sources: Record<string, string>, violation: string | RegExp][] = [
    ['imports point down', { 'src/domain/money.ts': "import '../storage/database.ts'" }, /domain may not import/],
    ['banking knows only the domain', { 'src/banking/a.ts': "import '../config/config.ts'" }, /banking may not import/],
    ['statements know no bank', { 'src/statements/a.ts': "import '../banking/b.ts'" }, /statements may not import/],
    ['floor 2 rooms stay apart', { 'src/events/a.ts': "import '../accounts/b.ts'" }, /events may not import/],
    ['clients stays apart', { 'src/clients/a.ts': "import '../events/b.ts'" }, /clients may not import/],
    ['consent stays apart', { 'src/consent/a.ts': "import '../webhooks/b.ts'" }, /consent may not import/],
    ['webhooks stays below sync', { 'src/webhooks/a.ts': "import '../sync/b.ts'" }, /webhooks may not import/],
    ['sync never knows webhooks', { 'src/sync/a.ts': "import '../webhooks/b.ts'" }, /sync may not import/],
    ['the doors stay apart', { 'src/jobs/a.ts': "import '../graphql/b.ts'" }, /jobs may not import/],
    ['graphql stays below http', { 'src/graphql/a.ts': "import '../http/b.ts'" }, /graphql may not import/],
    ['doors see types of storage only', { 'src/jobs/a.ts': "import { a } from '../storage/b.ts'" }, /only types of/],
    ['http has no storage', { 'src/http/a.ts': "import type { A } from '../storage/b.ts'" }, /http may not import/],
    ['type imports count', { 'src/domain/a.ts': "import type { A } from '../sync/b.ts'" }, /domain may not import/],
    ['import types count', { 'src/domain/a.ts': "export type A = import('../sync/b.ts').B" }, /domain may not import/],
    ['re-exports count', { 'src/domain/a.ts': "export * from '../sync/b.ts'" }, /domain may not import/],
    ['dynamic imports count', { 'src/domain/a.ts': "await import('../sync/b.ts')" }, /domain may not import/],
    ['nobody imports the roof', { 'src/http/a.ts': "import '../app.ts'" }, /http may not import/],
    ['nobody imports tests', { 'src/cli/a.ts': "import '../../test/support/b.ts'" }, /a test's file/],
    ['generated code has few readers', { 'src/sync/a.ts': "import '../generated/prisma/client.ts'" }, /generated code/],
    ['the bank has one door', { 'src/cli/a.ts': "import '../sandbox-bank/pages.ts'" }, /is entered by/],
    [
      'the bank is for the roof alone',
      { 'src/http/a.ts': "import '../sandbox-bank/sandbox-bank.ts'" },
      /from app.ts,cli only/,
    ],
    [
      'the bank knows nothing of us',
      { 'src/sandbox-bank/a.ts': "import '../domain/money.ts'" },
      /sandbox-bank may not/,
    ],
    ['every room has a floor', { 'src/ledger/a.ts': 'export const a = 1' }, /no floor has a room "ledger"/],
    ['stores query', { 'src/sync/a.ts': 'await tx.bankLogin.findMany({})' }, /runs queries \(bankLogin\.findMany\)/],
    ['stores run raw SQL', { 'src/sync/a.ts': 'await tx.$queryRaw`select 1`' }, /runs queries \(\$queryRaw\)/],
    ['stores use the driver', { 'src/jobs/a.ts': "await pool.query('select 1')" }, /runs queries \(query\)/],
    ['config reads the environment', { 'src/http/a.ts': 'process.env.PORT' }, /reads process\.env/],
    ['by its index too', { 'src/http/a.ts': "process['env'].PORT" }, /reads process\.env/],
    ['by its module too', { 'src/http/a.ts': "import { env } from 'node:process'; env.PORT" }, /reads process\.env/],
    ['no default exports', { 'src/domain/a.ts': 'export default 1' }, /default export/],
    ['no default by rename', { 'src/domain/a.ts': 'const a = 1; export { a as default }' }, /default export/],
    ['no index files', { 'src/domain/index.ts': '' }, /"index" says nothing/],
    ['no empty names', { 'src/domain/utils.ts': '' }, /"utils" says nothing/],
    ['no empty folder names', { 'src/domain/types/a.ts': '' }, /"types" says nothing/],
    ['files stay short', { 'src/domain/a.ts': 'f();\n'.repeat(301) }, /301 lines/],
    [
      'files form no circle',
      { 'src/sync/a.ts': "import './b.ts'", 'src/sync/b.ts': "import './a.ts'" },
      'Files in a circle: src/sync/a.ts → src/sync/b.ts → src/sync/a.ts',
    ],
    [
      'rooms form no circle',
      { 'src/cli/a.ts': "import '../app.ts'", 'src/app.ts': "import './cli/b.ts'", 'src/cli/b.ts': '' },
      'Rooms in a circle: cli → app.ts → cli',
    ],
  ];
  test.each(broken)('%s', (_promise, sources, violation) => {
    const violations = findViolations(sources, house);
    expect(violations).toContainEqual(typeof violation === 'string' ? violation : expect.stringMatching(violation));
  });

  test('and what is allowed is not a breach', () => {
    const sources = {
      'src/sync/cycle-store.ts':
        "import { Prisma } from '../generated/prisma/client.ts'; await tx.bankLogin.count(); await db.query(sql)",
      'src/sync/cycle.ts': "import { a } from '../consent/a.ts'; import type { B } from './lane.ts'",
      'src/sync/lane.ts': "import { c } from './cycle.ts'; [1].find(Boolean); params.count(1); urls.query",
      'src/jobs/a.ts':
        "import type { Database } from '../storage/database.ts'; import { type Tx } from '../storage/b.ts'",
      'src/graphql/types/user.ts': "import { getDatamodel } from '../../generated/pothos.ts'",
      'src/app.ts': "import { startSandboxBank } from './sandbox-bank/sandbox-bank.ts'",
      'src/main.ts': "import { createApp } from './app.ts'; process.env.PORT",
      'src/generated/prisma/index.ts': 'export default 1;\n'.repeat(1),
    };
    expect(findViolations(sources, house)).toEqual([]);
  });
});

async function readSources(): Promise<Record<string, string>> {
  const names = await readdir(join(root, 'src'), { recursive: true });
  const paths = names.filter((name) => name.endsWith('.ts')).map((name) => `src/${name}`);
  const texts = await Promise.all(paths.map(async (path) => await readFile(join(root, path), 'utf8')));
  return Object.fromEntries(paths.map((path, index) => [path, texts[index] ?? '']));
}

async function readModels(): Promise<Set<string>> {
  const schema = await readFile(join(root, 'prisma/schema.prisma'), 'utf8');
  const names = [...schema.matchAll(/^model (\w+)/gm)].map((match) => match[1] ?? '');
  return new Set(names.map((name) => name.charAt(0).toLowerCase() + name.slice(1)));
}
