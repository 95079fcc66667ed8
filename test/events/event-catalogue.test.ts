import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, onTestFinished, test } from 'vitest';
import { emitEventSchemas } from '../../src/cli/emit-event-schemas.ts';
import { type EventDefinition, eventCatalogue } from '../../src/events/event-catalogue.ts';
import { parseCursor, toCursor } from '../../src/events/event-cursor.ts';
import { toEventExample, toEventJsonSchema } from '../../src/events/event-schema.ts';
import { EventType } from '../../src/generated/prisma/enums.ts';

const emitted = fileURLToPath(new URL('../../schema/events', import.meta.url));
const definitions: EventDefinition[] = Object.values(eventCatalogue);

async function validatorOf(schema: object) {
  const ajv = new Ajv2020({ strict: true });
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  return ajv.compile(schema);
}

describe('the catalogue', () => {
  test('has every type of event, each with what it means', () => {
    expect(definitions.map(({ type }) => type)).toEqual(Object.values(EventType));
    for (const { description } of definitions) expect(description).toMatch(/^[A-Z].{10,}\.$/);
  });

  test.each(definitions)('$name is its type in lower case with one dot', ({ type, name }) => {
    expect(name).toMatch(/^[a-z_]+\.[a-z_]+$/);
    expect(name.replace('.', '_').toUpperCase()).toBe(type);
  });

  test.each(definitions)('the example of $name is an event, whole and with nothing beside', ({ data, example }) => {
    expect(data.strict().parse(example)).toEqual(example);
  });

  test.each(definitions)(
    'the schema of $name takes its example, more fields too, and none less',
    async (definition) => {
      const isValid = await validatorOf(toEventJsonSchema(definition));
      const example = toEventExample(definition);
      expect(isValid(example), JSON.stringify(isValid.errors)).toBe(true);
      expect(isValid({ ...example, addedLater: true })).toBe(true);
      for (const field of Object.keys(example)) {
        const { [field]: _, ...rest } = example;
        expect(isValid(rest), `without ${field}`).toBe(false);
      }
      expect(isValid({ ...example, type: 'SOMETHING_ELSE' })).toBe(false);
    },
  );
});

describe('the emitted schemas', () => {
  test('are those of the code', async () => {
    expect(await emitEventSchemas(emitted, { check: true })).toEqual([]);
  });

  test('are one file per type, with name, schema and example', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tidewater-events-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const names = definitions.map(({ name }) => `${name}.json`).sort();
    expect((await emitEventSchemas(directory, { check: false })).sort()).toEqual(names);
    expect((await readdir(directory)).sort()).toEqual(names);
    const file = JSON.parse(await readFile(join(directory, 'consent.expiring.json'), 'utf8'));
    expect(file).toMatchObject({ type: 'CONSENT_EXPIRING', name: 'consent.expiring', example: { daysLeft: 14 } });
    expect((await validatorOf(file.schema))(file.example)).toBe(true);
  });

  test('that are stale or too many are named by a check, which leaves them alone, and put right by writing', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tidewater-events-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    await emitEventSchemas(directory, { check: false });
    await writeFile(join(directory, 'user.deleted.json'), '{}');
    await writeFile(join(directory, 'user.renamed.json'), '{}');
    const stale = ['user.deleted.json', 'user.renamed.json'];
    expect(await emitEventSchemas(directory, { check: true })).toEqual(stale);
    expect(await emitEventSchemas(directory, { check: true })).toEqual(stale);
    expect(await emitEventSchemas(directory, { check: false })).toEqual(stale);
    expect(await emitEventSchemas(directory, { check: true })).toEqual([]);
  });
});

describe('a cursor', () => {
  test('stands for its position', () => {
    for (const position of [0n, 1n, 42n, 999_999_999_999_999_999n])
      expect(parseCursor(toCursor(position))).toBe(position);
  });

  test.each(['', '1', 'e1:1', 'ZTE6', 'ZTE6LTE', 'ZTI6MQ', `${toCursor(1n)}=`, ` ${toCursor(1n)}`, toCursor(-1n)])(
    'is not %j',
    (text) => {
      expect(parseCursor(text)).toBeNull();
    },
  );
});
