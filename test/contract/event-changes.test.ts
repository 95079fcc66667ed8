import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { eventCatalogue } from '../../src/events/event-catalogue.ts';
import { toEventJsonSchema } from '../../src/events/event-schema.ts';
import { compareEvents, type EventSchemas, type JsonSchema } from './event-changes.ts';

const releases = new URL('released-events/', import.meta.url);
const versions = (await readdir(releases))
  .map((file) => file.replace(/\.json$/, ''))
  .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
const released: EventSchemas = JSON.parse(await readFile(new URL(`${versions.at(-1)}.json`, releases), 'utf8'));

const present = (): EventSchemas =>
  structuredClone(
    Object.fromEntries(
      Object.values(eventCatalogue).map((definition) => [definition.name, toEventJsonSchema(definition) as JsonSchema]),
    ),
  );

/** Since the last release: new types of event and new values, with what was done for the receivers. Emptied by a release. */
const accepted: Record<string, string> = {};

test('the events break no receiver that was written for the last release', () => {
  expect(compareEvents(released, present()).broken).toEqual([]);
});

test('what a receiver may not expect was thought about', () => {
  expect(compareEvents(released, present()).surprising.sort()).toEqual(Object.keys(accepted).sort());
});

/** A place in the schemas that a change is tried out at; throws when it is not there. */
function at(schemas: EventSchemas, path: string): JsonSchema {
  let schema: JsonSchema | undefined = { properties: schemas };
  for (const step of path.split(' ')) schema = step === '[]' ? schema?.items : schema?.properties?.[step];
  if (!schema) throw new Error(`There is no ${path}.`);
  return schema;
}

const synchronized = 'bank_login.synchronized';

describe('a change breaks a receiver that', () => {
  test.each<[what: string, path: string, change: (schema: JsonSchema) => void]>([
    ['takes a field away', synchronized, ({ properties }) => delete properties?.sequence],
    [
      'renames one',
      synchronized,
      ({ properties = {} }) => {
        properties.number = properties.sequence ?? {};
        delete properties.sequence;
      },
    ],
    [
      'lets one be missing',
      synchronized,
      (schema) => (schema.required = schema.required?.filter((name) => name !== 'trigger') ?? []),
    ],
    ['lets one be null', `${synchronized} sequence`, (schema) => (schema.type = ['integer', 'null'])],
    ['changes a type', `${synchronized} sequence`, (schema) => (schema.type = 'string')],
    [
      'changes a type deep inside',
      `${synchronized} accounts [] newTransactions [] amount amount`,
      (schema) => (schema.type = 'number'),
    ],
    ['takes a type away', `${synchronized} accounts [] account iban`, (schema) => (schema.type = 'null')],
    ['takes a value of an enum away', `${synchronized} trigger`, (schema) => (schema.enum = ['CONNECT', 'MANUAL'])],
    ['lets an enum be anything', `${synchronized} trigger`, (schema) => delete schema.enum],
    ['changes a format', `${synchronized} occurredAt`, (schema) => (schema.format = 'date')],
    ['gives a format up', `${synchronized} occurredAt`, (schema) => delete schema.format],
    ['gives a pattern up', `${synchronized} accounts [] balances [] amount amount`, (schema) => delete schema.pattern],
    ['lowers a bound', `${synchronized} sequence`, (schema) => (schema.exclusiveMinimum = -1)],
    ['writes another type name into the data', `${synchronized} type`, (schema) => (schema.const = 'SYNCHRONIZED')],
    [
      'offers alternatives',
      `${synchronized} user`,
      (schema) => (schema.anyOf = [{ type: 'object' }, { type: 'null' }]),
    ],
    ['takes an alternative away', 'webhook_endpoint.disabled endpoint', (schema) => schema.anyOf?.pop()],
    [
      'has lists of other things',
      `${synchronized} accounts [] removedTransactionIds []`,
      (schema) => (schema.type = 'object'),
    ],
  ])('%s', (_what, path, change) => {
    const changed = present();
    change(at(changed, path));
    expect(compareEvents(present(), changed).broken).not.toEqual([]);
  });

  test('sends a type no longer', () => {
    const { [synchronized]: _, ...rest } = present();
    expect(compareEvents(present(), rest).broken).toEqual([`${synchronized}: is sent no longer`]);
  });
});

describe('a change does no harm that', () => {
  test.each<[what: string, path: string, change: (schema: JsonSchema) => void]>([
    ['adds a field', synchronized, ({ properties = {} }) => (properties.more = { type: 'string' })],
    ['promises a field always', 'webhook.test', ({ required }) => required?.push('more')],
    ['is never null any more', `${synchronized} accounts [] account iban`, (schema) => (schema.type = 'string')],
    ['raises a bound', `${synchronized} sequence`, (schema) => (schema.exclusiveMinimum = 1)],
    ['says it in other words', `${synchronized} sequence`, (schema) => (schema.description = 'A number.')],
  ])('%s', (_what, path, change) => {
    const changed = present();
    change(at(changed, path));
    expect(compareEvents(present(), changed)).toEqual({ broken: [], surprising: [] });
  });
});

test('a new type of event and a new value are to be thought about', () => {
  const changed: EventSchemas = { ...present(), 'bank.renamed': {} };
  at(changed, `${synchronized} trigger`).enum?.push('OPERATOR');
  expect(compareEvents(present(), changed)).toEqual({
    broken: [],
    surprising: [`${synchronized}.trigger: OPERATOR is new`, 'bank.renamed: is new'],
  });
});
