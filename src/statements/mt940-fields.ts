/** One field of a message, `:61:…` as tag `61`; its lines are joined by line feeds. */
export interface Mt940Field {
  tag: string;
  value: string;
}

/** Stands for the end of a message: `-`, `-}` or the header of the next one. */
export const endOfMessage = 'end';

/** The standard has 390 characters at most; banks have more. */
const maxValueLength = 20_000;

/**
 * The fields of all messages in a text, in order: with SWIFT's blocks (`{1:…}{4:`) or bare, lines ending in CRLF, LF or
 * CR. What stands before the first field or behind a message's end is passed over.
 */
export function* readMt940Fields(text: string): Generator<Mt940Field> {
  let field: Mt940Field | null = null;
  for (const written of linesOf(text)) {
    const isHeader = /^\{[1-5]:/.test(written);
    if (isHeader || written.trimEnd() === '-' || written.startsWith('-}')) {
      if (field) yield field;
      field = null;
      yield { tag: endOfMessage, value: '' };
    }
    const line = isHeader ? behindHeader(written) : written;
    const match = /^:(\d{2}[A-Z]?|NS):/.exec(line);
    if (match) {
      if (field) yield field;
      field = { tag: match[1] ?? '', value: line.slice(match[0].length) };
    } else if (field && field.value.length < maxValueLength) {
      field.value += `\n${line.slice(0, maxValueLength)}`;
    }
  }
  if (field) yield field;
}

function behindHeader(line: string): string {
  const start = line.lastIndexOf('{4:');
  return start < 0 ? '' : line.slice(start + 3);
}

function* linesOf(text: string): Generator<string> {
  const separator = text.includes('\n') ? '\n' : '\r';
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf(separator, start);
    const end = found < 0 ? text.length : found;
    yield text.slice(start, text[end - 1] === '\r' && end > start ? end - 1 : end);
    start = end + 1;
  }
}

/**
 * Lines that were cut at a width, as one text. A line that fills the width goes on in the next without a blank; behind
 * a shorter one the writer began a new line, which `wrapMark` keeps: it is a blank in texts, and nothing in references.
 */
export function joinLines(lines: readonly string[], width: number): string {
  return lines
    .map((line, i) => (i < lines.length - 1 ? line + (line.length < width ? '\n' : wrapMark) : line))
    .join('');
}

/** A character that nobody writes, where a line was full. */
export const wrapMark = '\ue000';

/** As a text: cut words are whole again, and lines are apart. */
export function toFlowingText(joined: string): string {
  return joined.replaceAll(wrapMark, '');
}

/** As a reference: no blank where a line ended. */
export function toUnbrokenReference(joined: string): string {
  return joined.replaceAll(wrapMark, '').replaceAll('\n', '');
}
