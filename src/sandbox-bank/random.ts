import { createHash } from 'node:crypto';

/** Numbers in [0, 1) that follow from the seed alone, so that the bank's data are the same at every start (mulberry32). */
export function createRandom(seed: string): () => number {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** An id in the form of a UUID that follows from the text. */
export function toUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A German IBAN with the right check digits (ISO 7064, modulo 97-10). */
export function toIban(bankCode: string, accountNumber: string): string {
  const bban = `${bankCode}${accountNumber.padStart(10, '0')}`;
  // D is 13, E is 14.
  const check = 98n - (BigInt(`${bban}131400`) % 97n);
  return `DE${check.toString().padStart(2, '0')}${bban}`;
}
