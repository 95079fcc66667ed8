import { createHash } from 'node:crypto';

// 128 bits of a text, cheaply (cyrb128): a reading hashes hundreds of texts, and nobody has anything to gain from guessing.
function hash(text: string): [number, number, number, number] {
  let [a, b, c, d] = [1_779_033_703, 3_144_134_277, 1_013_904_242, 2_773_480_762];
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    a = b ^ Math.imul(a ^ unit, 597_399_067);
    b = c ^ Math.imul(b ^ unit, 2_869_860_233);
    c = d ^ Math.imul(c ^ unit, 951_274_213);
    d = a ^ Math.imul(d ^ unit, 2_716_044_179);
  }
  a = Math.imul(c ^ (a >>> 18), 597_399_067);
  b = Math.imul(d ^ (b >>> 22), 2_869_860_233);
  c = Math.imul(a ^ (c >>> 17), 951_274_213);
  d = Math.imul(b ^ (d >>> 19), 2_716_044_179);
  a ^= b ^ c ^ d;
  return [a >>> 0, (b ^ a) >>> 0, (c ^ a) >>> 0, (d ^ a) >>> 0];
}

/** Numbers in [0, 1) that follow from the seed alone, so that the bank's data are the same at every start (mulberry32). */
export function createRandom(seed: string): () => number {
  let state = hash(seed)[0] | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** An id of a transaction that follows from the text, in the form of a UUID. */
export function toTransactionId(text: string): string {
  return shapeUuid(
    hash(text)
      .map((word) => word.toString(16).padStart(8, '0'))
      .join(''),
  );
}

/** An id that follows from the text and does not give it away, in the form of a UUID. */
export function toUuid(text: string): string {
  return shapeUuid(createHash('sha256').update(text).digest('hex'));
}

function shapeUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A German IBAN with the right check digits (ISO 7064, modulo 97-10). */
export function toIban(bankCode: string, accountNumber: string): string {
  const bban = `${bankCode}${accountNumber.padStart(10, '0')}`;
  // D is 13, E is 14.
  const check = 98n - (BigInt(`${bban}131400`) % 97n);
  return `DE${check.toString().padStart(2, '0')}${bban}`;
}
