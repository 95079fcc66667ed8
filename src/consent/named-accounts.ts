const longestIban = 34;

/**
 * The IBANs that an end user has typed, one a line or with commas between them; blanks within do not matter. Null where one of them
 * cannot be right (ISO 13616: length and check digits), or there is none.
 */
export function parseIbans(text: string): string[] | null {
  const ibans = text
    .split(/[\n,;]/)
    .map((each) => each.replaceAll(/\s/g, '').toUpperCase())
    .filter((each) => each !== '');
  return ibans.length > 0 && ibans.every(isIban) ? [...new Set(ibans)] : null;
}

function isIban(text: string): boolean {
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,}$/.test(text) || text.length > longestIban) return false;
  const digits = [...text.slice(4), ...text.slice(0, 4)].map((each) => Number.parseInt(each, 36)).join('');
  return BigInt(digits) % 97n === 1n;
}
