import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readReport } from '../../../src/banking/berlin-group/report-reading.ts';
import { ownIban } from './bank-habits.ts';

const context = { currency: 'EUR', iban: ownIban, isReversed: false };
const content = (json: unknown) => ({ text: JSON.stringify(json), contentType: null });

/** Whatever the bank says beside the amount, the row is a transaction. */
const readable = fc.record(
  {
    transactionAmount: fc.record({
      amount: fc.oneof(
        fc.integer({ min: -1e9, max: 1e9 }),
        fc.integer({ min: -1e9, max: 1e9 }).map((cents) => (cents / 100).toFixed(2)),
        fc.constantFrom('+46.97', '46,97', '.50', '1E+2', ' 12 '),
      ),
      currency: fc.constantFrom('EUR', 'eur', '', null, undefined),
    }),
    transactionId: fc.jsonValue(),
    bookingDate: fc.oneof(fc.jsonValue(), fc.constantFrom('0000-00-00', '2023-02-30', '2026-03-01')),
    remittanceInformationUnstructured: fc.jsonValue(),
    creditorAccount: fc.jsonValue(),
    debtorAccount: fc.jsonValue(),
    entryDetails: fc.jsonValue(),
    currencyExchange: fc.jsonValue(),
    balanceAfterTransaction: fc.jsonValue(),
    more: fc.jsonValue(),
  },
  { requiredKeys: ['transactionAmount'] },
);

/** No bank can mean a payment by it. */
const unreadable = fc.oneof(
  fc.constantFrom(null, true, 7, 'row', [], {}, [[]]),
  fc
    .constantFrom(null, '', 'much', '1,234', '1.2.3', true, {}, [], '9'.repeat(20), 'NaN', '12.3.4', '0x10')
    .map((amount) => ({ transactionId: 't', transactionAmount: { amount, currency: 'EUR' } })),
);

test('of n readable rows and one that is not, exactly n are read, and the one is told', () => {
  fc.assert(
    fc.property(
      fc.array(readable, { maxLength: 12 }),
      unreadable,
      fc.nat(),
      fc.boolean(),
      (rows, bad, place, isPending) => {
        const at = place % (rows.length + 1);
        const list = [...rows.slice(0, at), bad, ...rows.slice(at)];
        const name = isPending ? 'pending' : 'booked';
        const report = readReport(content({ transactions: { [name]: list } }), context);
        expect(report.transactions).toHaveLength(rows.length);
        expect(report.skippedRows).toBe(1);
        expect(report.faults).toMatchObject([{ path: expect.stringMatching(`^transactions\\.${name}\\.${at}`) }]);
      },
    ),
    { numRuns: 2_000 },
  );
});
