import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, 'node_modules/.cache/tidewater/programs');

// What finds its own files beside it, or has to be the same for those that do; and a page of nine megabytes, loaded when it is asked for.
const external = ['@electric-sql/pglite', '@graphql-yoga/render-graphiql', '@prisma/client', 'pg', 'pino'];
// A package that is CommonJS asks for node's modules, and for those above, by require.
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const bundles = new Map<string, Promise<string>>();

/**
 * This TypeScript program as one file of JavaScript, built once: to read, resolve and compile a thousand modules at
 * each start takes several seconds of the processor, to load that file takes less than one.
 */
export function bundleProgram(file: string): Promise<string> {
  const bundle = bundles.get(file) ?? writeBundle(file);
  bundles.set(file, bundle);
  return bundle;
}

async function writeBundle(file: string): Promise<string> {
  const output = join(cache, `${relative(root, file).replaceAll('/', '.')}.mjs`);
  const { outputFiles } = await build({
    entryPoints: [file],
    outfile: output,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    external,
    banner: { js: banner },
    plugins: [keepAddresses],
    logLevel: 'warning',
  });
  await mkdir(cache, { recursive: true });
  // The test file beside this one may be building, or starting, the same program.
  for (const { path, contents } of outputFiles) {
    await writeFile(`${path}.${process.pid}`, contents);
    await rename(`${path}.${process.pid}`, path);
  }
  return output;
}

/** Our files find migrations and the like from where they lie, not from where the bundle does. */
const keepAddresses: Plugin = {
  name: 'keep-addresses',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (path.includes('node_modules')) return null;
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta.')) return null;
      const contents = text
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.filename', JSON.stringify(path));
      return { contents, loader: 'ts' };
    });
  },
};
