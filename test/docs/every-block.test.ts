import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readDocBlocks } from '../support/doc-blocks.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = [
  'README.md',
  ...(await readdir(join(root, 'docs'))).filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`),
];

/** Pages whose blocks are commands only, which are tested as what they are. */
const commandPages = ['README.md'];

test.each(pages)('%s: a test runs its blocks of code', async (page) => {
  const blocks = await readDocBlocks(page);
  if (blocks.length === 0 || commandPages.includes(page)) return;
  const file = join(root, 'test/docs', `${basename(page, '.md')}.test.ts`);
  const source = await readFile(file, 'utf8').catch(() => '');
  expect(source, `${file} is to run the blocks of ${page}, and to fail when one has not been run`).toContain(
    'every block of the page has been run',
  );
});

test.each(commandPages)('%s: its blocks are npm scripts that exist', async (page) => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const builtIn = ['ci', 'start', 'test'];
  for (const { language, code, line } of await readDocBlocks(page)) {
    if (language !== 'sh') continue;
    const commands = code.trim().split(/\s*&&\s*|\n/);
    for (const command of commands) {
      const [, script] = /^npm (?:run )?([\w-]+)/.exec(command) ?? [];
      expect(script, `${page}, line ${line}: ${command}`).toBeDefined();
      expect(builtIn.includes(script ?? '') || (script ?? '') in scripts, `${page}, line ${line}: ${command}`).toBe(
        true,
      );
    }
  }
});
