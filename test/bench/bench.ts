import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

// `npm run bench`: installs the peers, builds product and bench to JavaScript, as production runs it, and starts it.

const here = import.meta.dirname;
const root = join(here, '../..');
const built = join(root, 'dist/bench');
const peers = join(here, 'node_modules');

if (!existsSync(peers)) must('npm', ['ci', '--prefix', here, '--no-audit', '--no-fund']);
await rm(built, { recursive: true, force: true });
await mkdir(join(built, 'test/bench'), { recursive: true });
await symlink(join(root, 'prisma'), join(built, 'prisma'));
await symlink(peers, join(built, 'test/bench/node_modules'));
must(join(root, 'node_modules/.bin/tsc'), ['-p', join(here, 'tsconfig.json')]);
const run = spawnSync(process.execPath, [join(built, 'test/bench/run.js'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exitCode = run.status ?? 1;

function must(command: string, args: string[]): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit', cwd: root });
  if (status !== 0) process.exit(status ?? 1);
}
