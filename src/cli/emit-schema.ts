import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSchema, printApi } from '../graphql/schema.ts';
import { toPossibleTypes, toTypeScript } from './emit-client-types.ts';
import { emitEventSchemas } from './emit-event-schemas.ts';

const fileOf = (name: string) => fileURLToPath(new URL(`../../schema/${name}`, import.meta.url));
const eventsDirectory = fileURLToPath(new URL('../../schema/events', import.meta.url));

const schema = createSchema();
const check = process.argv.includes('--check');
const outdated = [
  ...(await emit(fileOf('schema.graphql'), printApi(schema))),
  ...(await emit(fileOf('possibleTypes.json'), toPossibleTypes(schema))),
  ...(await emit(fileOf('types.ts'), await toTypeScript(schema))),
  ...(await emitEventSchemas(eventsDirectory, { check })),
];
if (check && outdated.length > 0) {
  console.error(`Out of date, run \`npm run schema\`:\n${outdated.map((file) => `  ${file}`).join('\n')}`);
  process.exit(1);
}
console.log(check ? 'schema/ is up to date.' : `schema/ written: ${outdated.length} files changed.`);

async function emit(file: string, content: string): Promise<string[]> {
  const present = await readFile(file, 'utf8').catch(() => null);
  if (present === content) return [];
  if (!check) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return [file];
}
