import { expect, test } from 'vitest';
import { readStatement } from '../../src/statements/read-statement.ts';
import { StatementError } from '../../src/statements/statement-reading.ts';
import { camtOf, entryOf, mt940Of, rowsOf } from './statement-files.ts';

const mt940 = mt940Of(':61:2611201120C1,NTRFNONREF');
test.each([
  ['camt with declaration', `<?xml version="1.0"?>${camtOf(entryOf())}`, 'camt.053'],
  ['camt behind a byte order mark and blanks', `\ufeff \r\n${camtOf(entryOf())}`, 'camt.053'],
  ['MT940', mt940, 'mt940'],
  ['MT940 behind blank lines', `\r\n\r\n${mt940}`, 'mt940'],
  ['MT940 in blocks', `{1:F01X}{2:I940XN}{4:\n${mt940}`, 'mt940'],
  ['MT940 behind lines of the bank', `INGBNL2A\n940 00\n${mt940}`, 'mt940'],
])('knows %s by its content', (_name, content, format) => {
  const reading = readStatement(content);
  expect(reading.statements.map((statement) => statement.format)).toEqual([format]);
  expect(rowsOf(reading)).toHaveLength(1);
});

test.each([
  '',
  ' \n',
  '{"transactions":{"booked":[]}}',
  '<!doctype html><html><body>Error</body></html>',
  '%PDF-1.7',
  'Time: :20:15',
])('refuses %j and says nothing of what is in it', (content) => {
  const read = () => readStatement(content);
  expect(read).toThrow(StatementError);
  if (content.length > 3) expect(read).not.toThrow(content.slice(2, 12));
});
