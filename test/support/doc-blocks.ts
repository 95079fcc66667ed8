import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from './spawn-tidewater.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A fenced block of code on a page of the documentation. */
export interface DocBlock {
  /** The first word behind the fence: ts, graphql, sh. Empty when there is none. */
  language: string;
  /** The word behind it, where the page gives one, as in "```ts receiver.ts": the block is this file, whole. */
  name: string | null;
  code: string;
  /** Of the fence, counted from 1. */
  line: number;
}

/** The blocks of a page, in its order. `page` is its path in the repository: docs/receiver.md. */
export async function readDocBlocks(page: string): Promise<DocBlock[]> {
  return parseDocBlocks(await readFile(join(root, page), 'utf8'));
}

/** Throws when a block is not closed: everything behind it would be taken for code. */
export function parseDocBlocks(markdown: string): DocBlock[] {
  const blocks: DocBlock[] = [];
  let open: { block: DocBlock; fence: string; indent: number; lines: string[] } | null = null;
  for (const [index, text] of markdown.split('\n').entries()) {
    const [, indent = '', fence, info = ''] = /^( *)(`{3,}|~{3,})(.*)$/.exec(text) ?? [];
    if (open === null) {
      if (fence === undefined) continue;
      const [language = '', name = null] = info.trim().split(/\s+/);
      open = { block: { language, name, code: '', line: index + 1 }, fence, indent: indent.length, lines: [] };
    } else if (fence?.startsWith(open.fence) && info.trim() === '') {
      blocks.push({ ...open.block, code: `${open.lines.join('\n')}\n` });
      open = null;
    } else {
      // In a list, a block stands further to the right.
      open.lines.push(text.startsWith(' '.repeat(open.indent)) ? text.slice(open.indent) : text);
    }
  }
  if (open) throw new Error(`The block that begins in line ${open.block.line} does not end.`);
  return blocks;
}

/** The block of this name. Throws when the page has none, or more than one. */
export function getDocBlock(blocks: readonly DocBlock[], name: string): DocBlock {
  const found = blocks.filter((block) => block.name === name);
  const [block] = found;
  if (!block || found.length > 1) throw new Error(`The page has ${found.length} blocks named ${name}.`);
  return block;
}

/**
 * Writes the named blocks as files into a directory of the test's own, from which the packages of this repository can be
 * imported, as in a project of a reader who copies them. Returns the directory.
 */
export async function writeDocBlocks(blocks: readonly DocBlock[]): Promise<string> {
  const directory = await temporaryDirectory();
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }\n');
  for (const { name, code } of blocks) {
    if (name === null) continue;
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), code);
  }
  return directory;
}
