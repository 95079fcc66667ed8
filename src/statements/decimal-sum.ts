/** The exact sum of plain decimals, as a plain decimal. */
export function addDecimals(decimals: readonly string[]): string {
  const places = decimals.reduce((most, decimal) => Math.max(most, countDecimals(decimal)), 0);
  let sum = 0n;
  for (const decimal of decimals) sum += BigInt(decimal.replace('.', '') + '0'.repeat(places - countDecimals(decimal)));
  const digits = (sum < 0n ? -sum : sum).toString().padStart(places + 1, '0');
  const point = digits.length - places;
  return `${sum < 0n ? '-' : ''}${digits.slice(0, point)}${places > 0 ? `.${digits.slice(point)}` : ''}`;
}

function countDecimals(decimal: string): number {
  const point = decimal.indexOf('.');
  return point < 0 ? 0 : decimal.length - point - 1;
}
