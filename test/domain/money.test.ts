import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAmount } from '../../src/domain/money.ts';

describe('formatAmount', () => {
  it.each([
    ['-12.5', 'EUR', '-12.50'],
    ['12', 'EUR', '12.00'],
    ['12.500', 'EUR', '12.50'],
    ['12.345', 'EUR', '12.345'],
    ['0012.50', 'EUR', '12.50'],
    ['-0.00', 'EUR', '0.00'],
    ['100', 'JPY', '100'],
    ['100.000', 'JPY', '100'],
    ['1.5', 'BHD', '1.500'],
    ['1', 'XXX', '1.00'],
    ['99999999999999.999', 'EUR', '99999999999999.999'],
  ])('writes %s %s as %s', (given, currency, written) => {
    expect(formatAmount(given, currency)).toBe(written);
  });

  it.each(['1,5', '1e3', '', 'NaN', '+1', '.5', '1.'])('refuses %j', (given) => {
    expect(() => formatAmount(given, 'EUR')).toThrow(RangeError);
  });

  it('is exact and stable: written twice it is the same', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }), (thousandths) => {
        const digits = (thousandths < 0n ? -thousandths : thousandths).toString().padStart(4, '0');
        const decimal = `${thousandths < 0n ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`;
        const written = formatAmount(decimal, 'EUR');
        expect(formatAmount(written, 'EUR')).toBe(written);
        const [integer = '', fraction = ''] = written.replace('-', '').split('.');
        const value = BigInt(integer) * 1000n + BigInt(fraction.padEnd(3, '0'));
        expect(written.startsWith('-') ? -value : value).toBe(thousandths);
      }),
    );
  });
});
