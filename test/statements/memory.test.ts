import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { camtOf, entryOf } from './statement-files.ts';

const fileSizeInMiB = 12;
/** What node and the transpiler need for themselves, a file of one row read. */
const ownNeedInMiB = 10;
const script = fileURLToPath(new URL('memory-of-reading.ts', import.meta.url));

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'statements-'));
});
afterAll(() => rm(folder, { recursive: true }));

const files: [name: string, makeFile: () => string][] = [
  ['camt', () => camtOf(repeat(camtEntry))],
  ['camt of one batch', () => camtOf(batchOf())],
  [
    'MT940',
    () =>
      `:20:1\n:25:37040044/0532013000\n:28C:1/1\n:60F:C261119EUR0,00\n${repeat(mt940Entry)}:62F:C261120EUR0,00\n-\n`,
  ],
];

// The heap's limit is the assertion: beyond it the process dies.
test.each(files)(
  'a large file of %s is read in three times its size, itself included',
  async (name, makeFile) => {
    const path = join(folder, 'file');
    await writeFile(path, makeFile(), 'latin1');
    const limit = [`--max-old-space-size=${ownNeedInMiB + 3 * fileSizeInMiB}`, '--max-semi-space-size=1'];
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--expose-gc',
      ...limit,
      '--import',
      'tsx',
      script,
      path,
    ]);
    const measured = JSON.parse(stdout);
    console.log(`${name}: ${stdout.trim()}`);
    expect(measured).toMatchObject({ skippedRows: 0 });
    expect(measured.rowCount).toBeGreaterThan(5_000);
    expect(measured.rowsInFileSizes).toBeLessThan(2);
  },
  120_000,
);

function repeat(makeEntry: (number: number) => string): string {
  const count = Math.floor((fileSizeInMiB * 1024 * 1024) / makeEntry(100_000).length);
  return Array.from({ length: count }, (_, i) => makeEntry(100_000 + i)).join('');
}

/** The payer's reference, text and mandate are another in each; who is paid comes again after a while. */
function camtEntry(number: number): string {
  return entryOf(`<ValDt><Dt>2026-11-20</Dt></ValDt><AcctSvcrRef>20261120${number}000</AcctSvcrRef>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RDDT</Cd><SubFmlyCd>ESDD</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><TxDtls>${camtDetail(number)}</TxDtls></NtryDtls><AddtlNtryInf>FOLGELASTSCHRIFT</AddtlNtryInf>`);
}

function camtDetail(number: number): string {
  return `<Refs><EndToEndId>E2E-${number}-2026</EndToEndId><MndtId>MANDAT-${number}</MndtId></Refs>
<AmtDtls><TxAmt><Amt Ccy="EUR">10.00</Amt></TxAmt></AmtDtls>
<RltdPties><Dbtr><Nm>Stadtwerke Musterstadt ${number % 500}</Nm></Dbtr>
<DbtrAcct><Id><IBAN>DE0212030000000${number}</IBAN></Id></DbtrAcct></RltdPties>
<RltdAgts><DbtrAgt><FinInstnId><BIC>BYLADEM1001</BIC></FinInstnId></DbtrAgt></RltdAgts>
<RmtInf><Ustrd>Rechnung ${number} vom 15. November 2026, Kundennummer ${number * 7}</Ustrd></RmtInf>`;
}

function batchOf(): string {
  const details = repeat((number) => `<TxDtls>${camtDetail(number)}</TxDtls>`);
  const count = details.split('<TxDtls>').length - 1;
  return entryOf(`<NtryDtls>${details}</NtryDtls>`, { Amt: `<Amt Ccy="EUR">${count * 10}.00</Amt>` });
}

function mt940Entry(number: number): string {
  const purpose = [
    ...[`?20EREF+E2E-${number}-2026`, `?21MREF+MANDAT-${number}`, '?22CRED+DE98ZZZ09999999999'],
    ...[`?23SVWZ+Rechnung ${number} vom `, `?2415. November 2026, Kundennu`, `?25mmer ${number * 7}, Verbrauch`],
    ...['?26sstelle Hauptstrasse 17, Hi', '?27nterhaus, Zaehler 4711-0815'],
  ].join('');
  const information = `105?00FOLGELASTSCHRIFT?109248${purpose}?30BYLADEM1001?31DE0212030000000${number}`;
  const lines = `${information}?32Stadtwerke Musterstadt ${number % 500}?34992`.match(/.{1,65}/g) ?? [];
  return `:61:2611201120CR10,00N105NONREF//20261120${number}\n:86:${lines.join('\n')}\n`;
}
