import { OverlappingFieldsCanBeMergedRule, parse, specifiedRules, type ValidationRule, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { measureDocument, refuseDocument } from '../../src/graphql/document-bounds.ts';
import { documentLimits, operationLimits } from '../../src/graphql/limits.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { openTestApi } from '../support/api-fixture.ts';

const list = (count: number, each: (i: number) => string) => Array.from({ length: count }, (_, i) => each(i)).join(' ');

/** Of the processor, the least of so many times: what it takes where nothing else is in the way. */
function leastCpuMs(count: number, work: () => unknown): number {
  const times = Array.from({ length: count }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...times);
}

/** Each within the limit of tokens; validation of the first took 100 ms. */
const costly: [name: string, document: string][] = [
  ['one field again and again', `{ ${'viewer { id } '.repeat(490)} }`],
  ['a leaf again and again', `{ viewer { ${'id '.repeat(1900)} } }`],
  ['a field with arguments again and again', `{ ${'users(first: 1, after: "a") { nodes { id } } '.repeat(120)} }`],
  ['fields that are compared in depth', `{ ${'viewer { apiKeys { id name } apiKeys { id name } } '.repeat(120)} }`],
  ['inline fragments', `{ node(id: 1) { ${'... on User { id externalId } '.repeat(240)} } }`],
  [
    'many fragments at one place',
    `{ ${list(150, (i) => `...F${i}`)} } ${list(150, (i) => `fragment F${i} on Query { __typename }`)}`,
  ],
  [
    'fragments that spread each other in many places',
    `{ ${list(60, (i) => `a${i}: viewer { ...F0 }`)} } ${list(90, (i) => `fragment F${i} on Client { ...F${i + 1} ...F${(i + 2) % 91} ...F${(i + 3) % 91} ...F${(i + 7) % 91} }`)}
      fragment F90 on Client { id }`,
  ],
  ['many operations', list(200, (i) => `query Q${i} { __typename }`)],
  [
    'fragments that multiply',
    `{ viewer { ...F0 } } ${list(9, (i) => `fragment F${i} on Client { ${list(6, (n) => `a${n}: self { ...F${i + 1} }`)} }`)}
      fragment F9 on Client { id }`,
  ],
];

describe('a document that would cost much to validate', () => {
  test.each(costly)('is refused before it is validated: %s', async (_name, document) => {
    const api = await openTestApi();
    for (const accept of ['application/json', 'application/graphql-response+json']) {
      const answer = await api.request(document, {}, { accept });
      expect([answer.status, answer.errors?.[0].extensions.code]).toEqual([400, 'DOCUMENT_TOO_COMPLEX']);
    }
  });

  test('is measured in a few milliseconds, and no further than to the limits', () => {
    const figures = costly.map(([name, text]) => {
      const document = parse(text);
      const ms = leastCpuMs(10, () => measureDocument(document));
      expect(measureDocument(document).fields).toBeLessThanOrEqual(documentLimits.fields + 1);
      expect([name, ms < 15]).toEqual([name, true]);
      return `${name}: ${ms.toFixed(1)} ms`;
    });
    process.stdout.write(`Measured, and not validated:\n  ${figures.join('\n  ')}\n`);
  });

  test('takes a bounded part of the process, whoever sends it without end', { timeout: 60_000 }, async () => {
    const api = await openTestApi();
    const [, document = ''] = costly[0] ?? [];
    for (let n = 0; n < 5; n++) await api.request(document);
    const before = process.cpuUsage();
    for (let n = 0; n < 50; n++) await api.request(document);
    const { user, system } = process.cpuUsage(before);
    const each = (user + system) / 50 / 1000;
    process.stdout.write(`490 times the same field: ${each.toFixed(1)} ms of CPU each, client and server together\n`);
  });
});

test.each([
  ['each with its own name', `{ ${list(390, (i) => `a${i}: __typename`)} }`],
  ['one field in many places', `{ ${list(40, (i) => `a${i}: viewer { id name }`)} }`],
  ['a few of the same', `{ ${'viewer { id } '.repeat(50)} }`],
])('fields are no reason to refuse: %s', (_name, text) => {
  expect(refuseDocument(parse(text))).toBeNull();
});

test.each([
  ['at one place', '{ viewer { ...A } } fragment A on Client { id ...B } fragment B on Client { ...A }'],
  [
    'through a field',
    '{ viewer { ...A } } fragment A on Client { apiKeys { ...B } } fragment B on ApiKey { client { ...A } }',
  ],
])('what is wrong with fragments is left to validation to tell: a circle %s', async (_where, document) => {
  const api = await openTestApi();
  const { errors } = await api.request(document);
  expect(errors?.map(({ message }) => message).join()).toContain('Cannot spread fragment "A" within itself');
});

test('of many faults the first ones are told', async () => {
  const api = await openTestApi();
  const { errors } = await api.request(`{ ${list(900, (i) => `unknown${i}`)} }`);
  expect(errors?.length).toBeLessThanOrEqual(documentLimits.faults + 1);
});

/** Documents that grow with a number, each in another way that is dear to compare. */
const growing: [name: string, document: (size: number) => string][] = [
  ['one field again and again', (n) => `{ ${'viewer { id } '.repeat(n)} }`],
  ['a leaf again and again', (n) => `{ viewer { ${'id '.repeat(n)} } }`],
  ['arguments again and again', (n) => `{ ${'users(first: 1, after: "a") { nodes { id } } '.repeat(n)} }`],
  [
    'arguments above many levels',
    (n) => `{ ${'users(first: 1, after: "a") { nodes { bankLogins { accounts { id iban } } } } '.repeat(n)} }`,
  ],
  ['inline fragments', (n) => `{ node(id: 1) { ${'... on User { id externalId bankLogins { id } } '.repeat(n)} } }`],
  [
    'fragments side by side',
    (n) =>
      `{ viewer { ${list(n, (i) => `...F${i}`)} } } ${list(n, (i) => `fragment F${i} on Client { id apiKeys { id name } }`)}`,
  ],
  [
    'fragments in fragments',
    (n) =>
      `{ viewer { ${list(n, (i) => `...F${i}`)} } } ${list(n, (i) => `fragment F${i} on Client { apiKeys { ...G${i} } } fragment G${i} on ApiKey { id name }`)}`,
  ],
];

/** As much of it as the limits let through. */
function largestAllowed(document: (size: number) => string) {
  const isAllowed = (size: number) => {
    try {
      return refuseDocument(parse(document(size), { maxTokens: operationLimits.tokens })) === null;
    } catch {
      return false;
    }
  };
  let size = 1;
  while (isAllowed(size + 1)) size++;
  return parse(document(size));
}

describe('within the limits', () => {
  const schema = createSchema();
  const others = specifiedRules.filter((rule) => rule !== OverlappingFieldsCanBeMergedRule);

  test.each(growing)(
    'comparing fields takes no longer than a few times what the other rules take: %s',
    (_name, grow) => {
      const document = largestAllowed(grow);
      const size = measureDocument(document);
      expect(Math.max(size.pairs / documentLimits.pairs, size.fields / documentLimits.fields)).toBeGreaterThan(0.5);
      const cost = (rules: readonly ValidationRule[]): number => {
        const times = Array.from({ length: 25 }, () => {
          const before = process.cpuUsage();
          validate(schema, document, rules, { maxErrors: documentLimits.faults });
          const { user, system } = process.cpuUsage(before);
          return (user + system) / 1_000;
        });
        // The least is what it takes where nothing else is in the way.
        return Math.min(...times);
      };
      expect(cost([OverlappingFieldsCanBeMergedRule]) / cost(others)).toBeLessThan(4);
    },
  );
});
