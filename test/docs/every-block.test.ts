import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type DocBlock, readDocBlocks } from '../support/doc-blocks.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const docs = (await readdir(join(root, 'docs'))).filter((file) => file.endsWith('.md'));
const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: object };
const config = await readFile(join(root, 'src/config/config.ts'), 'utf8');

test.each(['README.md', ...docs.map((file) => `docs/${file}`)])('%s: a test runs its blocks of code', async (page) => {
  const file = `test/docs/${basename(page, '.md')}.test.ts`;
  const source = await readFile(join(root, file), 'utf8').catch(() => '');
  const blocks = await readDocBlocks(page);
  const unclaimed = findUnclaimed(blocks, source);
  expect(unclaimed.map(({ name, line }) => `${page}, line ${line} (${name}): name it, and run it in ${file}`)).toEqual(
    [],
  );
});

test('a block that no test claims is found', () => {
  const block = (name: string | null, code: string, language = 'ts'): DocBlock => ({ language, name, code, line: 1 });
  const main = block('main.ts', "import { help } from './help.ts';\n");
  const blocks = [
    main,
    block('help.ts', 'export const help = 1;\n'),
    block(null, 'npm ci && PORT=4100 npm start\n', 'sh'),
  ];
  expect(findUnclaimed(blocks, "take('main.ts')")).toEqual([]);
  expect(findUnclaimed(blocks, '')).toEqual([main, blocks[1]]);
  for (const command of ['npm run nothing', 'curl example.com', 'NO_SUCH_SETTING=1 npm start']) {
    const unknown = block(null, `${command}\n`, 'sh');
    expect(findUnclaimed([unknown], '')).toEqual([unknown]);
  }
});

/** A block is run under its name by the page's test, or by another block that imports it, or is a command that is known. */
function findUnclaimed(blocks: readonly DocBlock[], source: string): DocBlock[] {
  const claimed = new Set(blocks.filter(({ name }) => name !== null && source.includes(`${name}'`)));
  for (let count = 0; count !== claimed.size; ) {
    count = claimed.size;
    const imports = [...claimed].map(({ code }) => code).join('\n');
    for (const block of blocks) {
      if (block.name !== null && imports.includes(`./${block.name}'`)) claimed.add(block);
    }
  }
  return blocks.filter((block) => !claimed.has(block) && !(block.language === 'sh' && isKnownCommand(block.code)));
}

/** npm scripts of ours, with settings of ours before them. */
function isKnownCommand(code: string): boolean {
  return code
    .trim()
    .split(/\s*&&\s*|\n/)
    .every((command) => {
      const [, settings = '', script = ''] = /^((?:[A-Z_]+=\S+ )*)npm (?:run )?([\w-]+)/.exec(command) ?? [];
      const names = [...settings.matchAll(/([A-Z_]+)=/g)].map(([, name]) => name ?? '');
      return (script === 'ci' || script in scripts) && names.every((name) => config.includes(`${name}:`));
    });
}
