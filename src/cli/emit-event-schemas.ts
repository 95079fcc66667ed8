import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EventDefinition, eventCatalogue } from '../events/event-catalogue.ts';
import { toEventExample, toEventJsonSchema } from '../events/event-schema.ts';

/**
 * Writes one file per event type: its name, what it means, the JSON Schema of the event and an example. With `check` nothing is
 * written. Returns the files that were, or are, out of date.
 */
export async function emitEventSchemas(directory: string, { check }: { check: boolean }): Promise<string[]> {
  if (!check) await mkdir(directory, { recursive: true });
  const wanted = new Map(
    Object.values(eventCatalogue).map((definition) => [`${definition.name}.json`, toFile(definition)]),
  );
  const present = await readdir(directory).catch(() => []);
  const stale: string[] = [];
  for (const [name, content] of wanted) {
    const kept = await readFile(join(directory, name), 'utf8').catch(() => null);
    if (kept === content) continue;
    stale.push(name);
    if (!check) await writeFile(join(directory, name), content);
  }
  for (const name of present.filter((file) => !wanted.has(file))) {
    stale.push(name);
    if (!check) await rm(join(directory, name));
  }
  return stale;
}

function toFile(definition: EventDefinition): string {
  const { type, name, description } = definition;
  const [schema, example] = [toEventJsonSchema(definition), toEventExample(definition)];
  return `${JSON.stringify({ type, name, description, schema, example }, null, 2)}\n`;
}
