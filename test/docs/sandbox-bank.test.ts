import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parseBanksFile } from '../../src/config/banks-file.ts';
import { getDocBlock, readDocBlocks } from '../support/doc-blocks.ts';
import { temporaryDirectory } from '../support/spawn-tidewater.ts';

const start = 'npm run sandbox-bank';

test('the certificates can be made and named in BANKS_FILE, and every block of the page has been run by then', async () => {
  const blocks = await readDocBlocks('docs/sandbox-bank.md');
  expect(blocks.map(({ name }) => name)).toEqual(['run.sh', 'certificates.sh', 'banks.json']);
  expect(getDocBlock(blocks, 'run.sh').code.trim()).toBe(start);
  const directory = await temporaryDirectory();
  const script = getDocBlock(blocks, 'certificates.sh').code;
  expect(script).toContain(start);
  // What the bank is started with is shown; that it starts with them is tested with the bank.
  const settings = script.replace(start, 'env');
  const { stdout } = await promisify(execFile)('sh', ['-e', '-c', settings], { cwd: directory });
  const given = [...stdout.matchAll(/^SANDBOX_BANK_\w+_FILE=(.*)$/gm)].map(([, file = '']) => file);
  expect(given).toHaveLength(4);
  for (const file of given) expect(readFileSync(join(directory, file), 'utf8')).toContain('-----BEGIN');
  const path = join(directory, 'banks.json');
  await writeFile(path, getDocBlock(blocks, 'banks.json').code);
  const read = (file: string) => readFileSync(file.startsWith('/') ? file : join(directory, file), 'utf8');
  expect(parseBanksFile(path, read)).toMatchObject({ entries: [{ id: 'bank_demanding' }] });
});
