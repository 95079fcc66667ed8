import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const read = (path: string) => readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

test('every attack that the page names is tried by a test of that name', async () => {
  const rows = [...(await read('docs/security.md')).matchAll(/^\| .+\| `(test\/[\w/.-]+)`: (.+?) *\|$/gm)];
  expect(rows.length).toBeGreaterThan(20);
  for (const [, file = '', name] of rows) expect(await read(file), file).toContain(name);
});
