import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSchema, printApi } from '../graphql/schema.ts';
import { emitEventSchemas } from './emit-event-schemas.ts';

const schemaFile = fileURLToPath(new URL('../../schema/schema.graphql', import.meta.url));
const eventsDirectory = fileURLToPath(new URL('../../schema/events', import.meta.url));

const check = process.argv.includes('--check');
const outdated = [
  ...(await emit(schemaFile, printApi(createSchema()))),
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
