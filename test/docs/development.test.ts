import { expect, test, vi } from 'vitest';
import { getDocBlock, readDocBlocks } from '../support/doc-blocks.ts';

test('the example of a test that may be left out is one, and every block of the page has been run by then', async () => {
  const blocks = await readDocBlocks('docs/development.md');
  expect(blocks.map(({ name }) => name)).toEqual(['left-out.test.ts']);
  const { code } = getDocBlock(blocks, 'left-out.test.ts');
  const body = /test\('a job survives', (async [\s\S]*)\);\n$/.exec(code)?.[1] ?? '';
  const run = new Function('mongoUrl', 'expect', `return ${body}`);
  const skip = vi.fn();
  await run(null, expect)({ skip });
  expect(skip).toHaveBeenCalledWith('no MongoDB server is at hand');
  await run('mongodb://127.0.0.1:27017', expect)({ skip });
  expect(skip).toHaveBeenCalledTimes(1);
});
