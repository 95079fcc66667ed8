import { decodeHTMLStrict } from 'entities';
import { parse } from 'lossless-json';

/** A number with more digits than a double holds: an id, or an amount, that would come out as another one. */
const longNumber = /[:[,]\s*-?\d[\d.]{15,}/;

/**
 * The parsed JSON; undefined for what is none, since the parser's own error would quote the reply. Numbers of more digits than a double
 * holds are given as text, digit by digit.
 */
export function parseJson(text: string): unknown {
  const content = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  try {
    return longNumber.test(content) ? parse(content, null, exactly) : JSON.parse(content);
  } catch {
    return undefined;
  }
}

const exactly = {
  parseNumber: (digits: string) => (digits.length > 15 ? digits : Number(digits)),
  // As JSON.parse does it.
  onDuplicateKey: ({ newValue }: { newValue: unknown }) => newValue,
};

/** Longer texts are cut: no field of the protocol has such, and a row is not to be lost for one. */
export const maxTextLength = 4_000;

const entity = /&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});/i;
/** As some banks' exports write what is not ASCII: \u00fc, \U00FC, \U000000FC. */
const escaped = /\\U(000[0-9a-fA-F]{5}|0010[0-9a-fA-F]{4})|\\[uU]([0-9a-fA-F]{4})/g;
const untidy = /[\p{Cc}\p{Cs}]|[^\S ]|\s\s|^\s|\s$/u;

/**
 * Text as it was meant: entities and escapes decoded once, blanks single, without what PostgreSQL refuses. Null when nothing is left.
 */
export function decodeText(written: string): string | null {
  let text = written.length > maxTextLength ? written.slice(0, maxTextLength) : written;
  if (text.includes('\\')) text = text.replace(escaped, (all, long, short) => fromCodePoint(long ?? short) ?? all);
  if (entity.test(text)) text = decodeHTMLStrict(text);
  if (untidy.test(text)) {
    text = text
      .replaceAll('\0', '')
      .replace(/\p{Surrogate}/gu, '\ufffd')
      .replace(/[\p{Cc}\s]+/gu, ' ')
      .trim();
  }
  return text || null;
}

function fromCodePoint(hex: string): string | null {
  const code = Number.parseInt(hex, 16);
  return code > 0x10ffff ? null : String.fromCodePoint(code);
}
