import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { getDocBlock, parseDocBlocks, writeDocBlocks } from './doc-blocks.ts';

const page = `# Page
\`\`\`ts receiver.ts
const fence = '\`\`';
\`\`\`
1. A list:
   \`\`\`sh
   npm start
     indented
   \`\`\`
\`\`\`\`md
\`\`\`ts
inner
\`\`\`
\`\`\`\`
`;

describe('the code blocks of a page', () => {
  test('come in order with language, name and line, as they would be copied', () => {
    expect(parseDocBlocks(page)).toEqual([
      { language: 'ts', name: 'receiver.ts', code: "const fence = '``';\n", line: 2 },
      { language: 'sh', name: null, code: 'npm start\n  indented\n', line: 6 },
      { language: 'md', name: null, code: '```ts\ninner\n```\n', line: 10 },
    ]);
  });

  test('that do not end are refused, and so is a name that is not there or twice', () => {
    expect(() => parseDocBlocks('```ts\ncode')).toThrow('line 1 does not end');
    const blocks = parseDocBlocks('```ts a.ts\n```\n```ts a.ts\n```\n');
    expect(() => getDocBlock(blocks, 'a.ts')).toThrow('2 blocks');
    expect(() => getDocBlock(blocks, 'b.ts')).toThrow('0 blocks');
  });

  test('become files that can import what the repository depends on', async () => {
    const directory = await writeDocBlocks(parseDocBlocks('```ts deep/a.ts\nexport const a = 1;\n```\n'));
    expect(await readFile(join(directory, 'deep', 'a.ts'), 'utf8')).toBe('export const a = 1;\n');
    expect(await readFile(join(directory, 'node_modules', 'standardwebhooks', 'package.json'), 'utf8')).toContain(
      '"standardwebhooks"',
    );
  });
});
