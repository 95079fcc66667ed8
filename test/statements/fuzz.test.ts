import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCamt } from '../../src/statements/camt.ts';
import { readMt940 } from '../../src/statements/mt940.ts';
import { readStatement } from '../../src/statements/read-statement.ts';
import { StatementError, type StatementReading } from '../../src/statements/statement-reading.ts';
import { camtOf, entryOf, mt940Of, readStatementFile, rowsOf, statementFileNames } from './statement-files.ts';

/** Runs of each property; FUZZ_RUNS sets more. */
const numRuns = Number(process.env.FUZZ_RUNS ?? 200);
const readers = { readCamt, readMt940, readStatement };

/** Null for a text that was refused, by the one error that readers may throw. */
function tryRead(read: (text: string) => StatementReading, text: string): StatementReading | null {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof StatementError) return null;
    throw error;
  }
}

/** What every row promises, however broken its file is: a database and an event take it. */
function expectSound(reading: StatementReading): void {
  for (const row of rowsOf(reading)) {
    expect(row.amount.amount).toMatch(/^-?\d{1,15}(\.\d{1,4})?$/);
    expect(row.amount.currency).toMatch(/^[A-Z]{3}$/);
    expect(['BOOKED', 'PENDING']).toContain(row.status);
    for (const date of [row.bookingDate, row.valueDate, row.transactionDate]) {
      if (date !== null) expect(new Date(date).toISOString().slice(0, 10)).toBe(date);
    }
    for (const value of Object.values(row)) {
      if (typeof value !== 'string') continue;
      expect(value).not.toMatch(/[\p{Cc}\p{Cs}]/u);
      expect(value).toBe(value.trim());
      expect(value.length).toBeGreaterThan(0);
      expect(value.length).toBeLessThanOrEqual(9_000);
    }
    expect(JSON.stringify(row.otherFields)?.length ?? 0).toBeLessThan(100_000);
  }
  for (const { path, kind } of reading.faults) {
    expect(path).toMatch(/^statements\.\d+[\w.:]*$/);
    expect(kind).toMatch(/^[a-z0-9_]+$/);
  }
}

const pieces = [
  ...[
    '<',
    '>',
    '/',
    '&',
    ';',
    '"',
    '<!--',
    '<![CDATA[',
    ']]>',
    '<?x?>',
    '<!DOCTYPE a>',
    '</Ntry>',
    '<Ntry>',
    '<TxDtls>',
    '</Stmt>',
  ],
  ...[
    '\n',
    '\r\n',
    ':',
    ':61:',
    ':86:',
    ':20:',
    '-',
    '-}',
    '{4:',
    '?20',
    '?',
    '/REMI/',
    'SVWZ+',
    '+',
    ',',
    '.',
    '-1',
    '99999999999999999999',
  ],
  ...[
    '\u0000',
    '\ud800',
    '\udc00',
    '\ue000',
    '\ufeff',
    '\u2028',
    '💶',
    'NaN',
    '1e999',
    '0000-00-00',
    '__proto__',
    'constructor',
  ],
];
const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof(fc.constant(0), fc.nat(4), fc.nat(200)),
  inserted: fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 5 }), fc.constant('')),
  copies: fc.integer({ min: 1, max: 3 }),
});

function mutate(
  text: string,
  mutations: readonly { at: number; length: number; inserted: string; copies: number }[],
): string {
  return mutations.reduce((mutated, { at, length, inserted, copies }) => {
    const start = Math.floor(at * mutated.length);
    return mutated.slice(0, start) + inserted.repeat(copies) + mutated.slice(start + length);
  }, text);
}

describe('whatever the text is, readers give sound rows or one typed error', () => {
  test.each(statementFileNames)('%s, mutated', (name) => {
    const text = readStatementFile(name);
    const whole = rowsOf(readStatement(text)).length;
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), (mutations) => {
        const mutated = mutate(text, mutations);
        for (const read of Object.values(readers)) {
          const reading = tryRead(read, mutated);
          if (!reading) continue;
          expectSound(reading);
          // Rows are not invented: as many as there are beginnings of them.
          const beginnings = mutated.split(/<(?:\w+:)?(?:Ntry|TxDtls)\b|:61:/).length - 1;
          expect(rowsOf(reading).length).toBeLessThanOrEqual(Math.max(beginnings, whole));
        }
      }),
      { numRuns },
    );
  });

  test('cut off anywhere, a file gives the first rows of the whole, and no other', () => {
    for (const name of statementFileNames) {
      const text = readStatementFile(name);
      const whole = rowsOf(readStatement(text)).map((row) => JSON.stringify(row));
      for (let end = 0; end < text.length; end += 7) {
        const reading = tryRead(readStatement, text.slice(0, end));
        if (!reading) continue;
        const rows = rowsOf(reading).map((row) => JSON.stringify(row));
        // The last row of MT940 may be cut itself: where a line ends, nothing tells that it went on.
        const sure = name.endsWith('.sta') ? rows.slice(0, -1) : rows;
        expect(sure).toEqual(whole.slice(0, sure.length));
        // Nothing tells that a further message would have come, nor that a report on a running day went on.
        const mayEndHere = name === 'dutch-mt940.sta' || name === 'german-mt942.sta';
        if (rows.length < whole.length && !mayEndHere) expect(reading.complete).toBe(false);
      }
    }
  });

  test('any text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary' })), { maxLength: 60 }),
        (parts) => {
          for (const text of [
            parts.join(''),
            camtOf(parts.join('')),
            camtOf(entryOf(parts.join(''))),
            mt940Of(parts.join('')),
          ]) {
            for (const read of Object.values(readers)) {
              const reading = tryRead(read, text);
              if (reading) expectSound(reading);
            }
          }
        },
      ),
      { numRuns },
    );
  });
});

describe('work is bounded by the length of the text', () => {
  const length = 200_000;
  const hostile: [promise: string, text: string][] = [
    ['ampersands', camtOf(entryOf(`<AddtlNtryInf>${'&'.repeat(length)}</AddtlNtryInf>`))],
    ['beginnings of entities', camtOf(entryOf(`<AddtlNtryInf>${'&#'.repeat(length / 2)}</AddtlNtryInf>`))],
    ['blanks', camtOf(entryOf(`<AddtlNtryInf>${' '.repeat(length)}x</AddtlNtryInf>`))],
    ['blanks before it all', `${' '.repeat(length)}x`],
    ['attributes', camtOf(entryOf(`<Amt ${Array.from({ length: length / 10 }, (_, i) => `a${i}="1"`).join(' ')}/>`))],
    ['comments that do not end', camtOf('<!-'.repeat(length / 3))],
    ['digits', camtOf(entryOf('', { Amt: `<Amt>${'1'.repeat(length)}</Amt>` }))],
    ['zeros', camtOf(entryOf('', { Amt: `<Amt>0.${'0'.repeat(length)}x</Amt>` }))],
    ['empty entries', camtOf('<Ntry/>'.repeat(length / 7))],
    ['empty details', camtOf(entryOf('<TxDtls/>'.repeat(length / 9)))],
    ['siblings', camtOf(entryOf('<a/>'.repeat(length / 4)))],
    ['names', camtOf(entryOf(`<${'a:'.repeat(length / 2)}/>`))],
    ['line feeds', mt940Of(`:61:2611201120C1,NTRFNONREF\n:86:${'\n'.repeat(length)}`)],
    ['slashes', mt940Of(`:61:2611201120C1,NTRFNONREF\n:86:/EREF/${'/'.repeat(length)}x`)],
    ['codewords', mt940Of(`:61:2611201120C1,NTRFNONREF\n:86:${'/EREF/'.repeat(length / 6)}`)],
    ['subfields', mt940Of(`:61:2611201120C1,NTRFNONREF\n:86:166${'?20'.repeat(length / 3)}`)],
    ['tags', mt940Of(`:61:2611201120C1,NTRFNONREF\n:86:166?20${'SVWZ+'.repeat(length / 5)}`)],
    ['beginnings of tags', mt940Of(`:61:2611201120C1,NTRFNONREF\n:86:166?20${'SVW'.repeat(length / 3)}`)],
    ['information in many fields', mt940Of(`:61:2611201120C1,NTRFNONREF\n${':86:x\n'.repeat(length / 6)}`)],
    ['digits in a line', mt940Of(`:61:2611201120C${'1'.repeat(length)}`)],
    ['references', mt940Of(`:61:2611201120C1,NTRF${'/'.repeat(length)}`)],
    ['supplementary details', mt940Of(`:61:2611201120C1,NTRF\n${'/OCMT/'.repeat(length / 6)}`)],
    ['headers', mt940Of('{1:{4:\n'.repeat(length / 7))],
    ['accounts', `:25:${'A'.repeat(length)}`],
    ['ends', '-\n'.repeat(length / 2)],
  ];
  // In CPU time, so that a busy machine does not count; what takes a quadratic time takes minutes.
  test.each(hostile)('%s without end', (_promise, text) => {
    for (const read of Object.values(readers)) {
      const before = process.cpuUsage();
      const reading = tryRead(read, text);
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(3_000);
      if (reading) expectSound(reading);
    }
  });
});
