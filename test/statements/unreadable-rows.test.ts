import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readStatement } from '../../src/statements/read-statement.ts';
import { camtOf, entryOf, mt940Of, rowsOf } from './statement-files.ts';

const camtEntry = (id: string) => entryOf(`<AcctSvcrRef>${id}</AcctSvcrRef>`);
const mt940Entry = (id: string) => `:61:2611201120C1,50NTRFNONREF//${id}\n:86:166?20SVWZ+text`;

const bad = {
  camt: [
    '<Ntry/>',
    entryOf('', { Amt: '' }),
    entryOf('', { Amt: '<Amt Ccy="EUR">1.0.0</Amt>' }),
    entryOf('', { Amt: '<Amt Ccy="EUR"><b>1</b></Amt>' }),
    entryOf('', { CdtDbtInd: '<CdtDbtInd>BOTH</CdtDbtInd>' }),
    entryOf('', { Sts: '<Sts><Cd>MAYBE</Cd></Sts>' }),
    entryOf('<NtryDtls><TxDtls><RmtInf><Ustrd>open</TxDtls></NtryDtls>'),
    entryOf('<AcctSvcrRef>a</AcctSvcRef></AcctSvcrRef>').replace('</AcctSvcRef>', '<x>'),
    entryOf('<AddtlNtryInf a b=1>text</AddtlNtryInf>'),
  ],
  mt940: [
    ':61:',
    ':61:garbage',
    ':61:2611201120X1,50NTRF',
    ':61:2611201120CNTRF',
    ':61:2611201120C9999999999999999,\n:86:166?20x',
  ],
};
const formats = [
  ['camt', camtEntry, camtOf, bad.camt],
  ['MT940', mt940Entry, (entries: string) => mt940Of(entries.replaceAll('\n\n', '\n')), bad.mt940],
] as const;

test.each(formats)(
  'of n entries of %s with an unreadable one among them, exactly n are read',
  (_name, good, toFile, unreadable) => {
    fc.assert(
      fc.property(fc.nat(30), fc.nat(30), fc.constantFrom(...unreadable), (before, after, entry) => {
        const ids = Array.from({ length: before + after }, (_, i) => `id-${i}`);
        const entries = ids.map(good);
        entries.splice(before, 0, entry);
        const reading = readStatement(toFile(entries.join('\n')));
        expect(rowsOf(reading).map(({ bankTransactionId }) => bankTransactionId)).toEqual(ids);
        expect(reading).toMatchObject({ skippedRows: 1, complete: true });
        expect(reading.faults).toHaveLength(1);
        expect(reading.faults[0]?.path).toMatch(new RegExp(`^statements\\.0\\.(Ntry|entries)\\.${before}(\\.|$)`));
      }),
      { numRuns: 300 },
    );
  },
);
