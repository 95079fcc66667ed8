import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
/** The product's, and that of the peers it is measured against. */
const lockFiles = ['package-lock.json', 'test/bench/package-lock.json'];
const binary = /\.(png|jpg|ico|gz|woff2|webp)$/;

/** The text files that git has, or would take, by path. */
const files = new Map<string, string>();
let manifest: {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};

beforeAll(async () => {
  const listed = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root });
  const paths = listed.stdout.split('\0').filter((path) => path && !binary.test(path) && existsSync(join(root, path)));
  for (const path of paths) files.set(path, await readFile(join(root, path), 'utf8'));
  manifest = JSON.parse(files.get('package.json') ?? '{}');
});

test.each(lockFiles)('%s names packages and their digests, not the addresses they came from', (path) => {
  const lock = files.get(path) ?? '';
  expect(lock).toContain('"integrity"');
  expect(lock).not.toContain('"resolved"');
});

// A registry mirror may lack the packages of other platforms; npm then leaves them out of the lock, and `npm ci` refuses it.
test.each(lockFiles)('%s has the optional packages of every platform, so that npm ci takes it anywhere', (path) => {
  const { packages } = JSON.parse(files.get(path) ?? '{}') as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const missing = Object.entries(packages).flatMap(([from, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(packages, from, name)),
  );
  expect(missing).toEqual([]);
});

test('every dependency is pinned to one version', () => {
  const peers = JSON.parse(files.get('test/bench/package.json') ?? '{}') as { dependencies: Record<string, string> };
  const versions = [manifest.dependencies, manifest.devDependencies, peers.dependencies].flatMap(Object.values<string>);
  expect(versions.length).toBeGreaterThan(20);
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});

test('no file names the machine it was written on: its folders, its package registry', async () => {
  const registry = await run('npm', ['config', 'get', 'registry'], { cwd: root });
  const host = new URL(registry.stdout.trim()).host;
  const culprits = [...files].filter(([, text]) => text.includes(`${root}/`) || text.includes(host));
  expect(culprits.map(([path]) => path)).toEqual([]);
});

test('what is generated or built is not in git', () => {
  const paths = [...files.keys()];
  expect(paths.filter((path) => /^(src\/generated|dist|node_modules|\.data)\/|\/target\//.test(path))).toEqual([]);
});

test('.ci/run can be run', async () => {
  const { mode } = await stat(join(root, '.ci/run'));
  expect(mode & 0o111).not.toBe(0);
  await run('bash', ['-n', '.ci/run'], { cwd: root });
});

test('every link of the docs to a file of ours leads somewhere', () => {
  const broken = docs().flatMap(([path, text]) =>
    [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] ?? '')
      .filter((link) => !existsSync(join(root, dirname(path), link)))
      .map((link) => `${path}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test('every npm script that the docs and CI name exists', () => {
  const texts: [string, string][] = [...docs(), ['.ci/run', files.get('.ci/run') ?? '']];
  const named = texts.flatMap(([path, text]) =>
    [...text.matchAll(/npm run ([a-z][\w:-]*)/g)].map((match) => ({ path, script: match[1] ?? '' })),
  );
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter(({ script }) => !(script in manifest.scripts))).toEqual([]);
});

test('every file that an npm script runs exists', () => {
  const named = Object.entries(manifest.scripts).flatMap(([script, command]) =>
    [...command.matchAll(/\S+\.(?:ts|json)\b/g)].map(([file]) => ({ script, file })),
  );
  expect(named.filter(({ file }) => !existsSync(join(root, file)))).toEqual([]);
});

/** As Node looks a package up: inside the one that asks, then beside it, then further up. */
function isLocked(packages: Record<string, unknown>, path: string, name: string): boolean {
  const key = path ? `${path}/node_modules/${name}` : `node_modules/${name}`;
  if (key in packages) return true;
  if (!path) return false;
  const above = path.lastIndexOf('/node_modules/');
  return isLocked(packages, above < 0 ? '' : path.slice(0, above), name);
}

function docs(): [path: string, text: string][] {
  return [...files].filter(([path]) => path.endsWith('.md'));
}
