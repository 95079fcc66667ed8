const [quote, comma, closing] = ['"', ',', ')'].map((character) => character.charCodeAt(0));

/**
 * Reads records in the text form in which PostgreSQL casts them, `ROW(…)::text`, one right behind the other: the fields of each as texts,
 * NULL as null (PostgreSQL's documentation, Composite Types, Output Syntax). The database writes it in two thirds of the time of JSON.
 */
export function parseRecords(text: string): (string | null)[][] {
  const records: (string | null)[][] = [];
  for (let at = 0; at < text.length; ) {
    const fields: (string | null)[] = [];
    let ending = comma;
    // Begins with the parenthesis or a comma.
    while (ending === comma) {
      const start = at + 1;
      at = text.charCodeAt(start) === quote ? findClosingQuote(text, start) + 1 : findEnd(text, start);
      fields.push(at === start ? null : toValue(text.slice(start, at)));
      ending = text.charCodeAt(at);
    }
    records.push(fields);
    at++;
  }
  return records;
}

function findEnd(text: string, start: number): number {
  let at = start;
  for (let code = text.charCodeAt(at); code !== comma && code !== closing && at < text.length; )
    code = text.charCodeAt(++at);
  return at;
}

// A quote inside is doubled.
function findClosingQuote(text: string, start: number): number {
  let at = text.indexOf('"', start + 1);
  while (at >= 0 && text.charCodeAt(at + 1) === quote) at = text.indexOf('"', at + 2);
  return at < 0 ? text.length : at;
}

function toValue(field: string): string {
  if (field.charCodeAt(0) !== quote) return field;
  const value = field.slice(1, -1);
  return value.includes('"') || value.includes('\\') ? value.replace(/""|\\\\/g, (pair) => pair.charAt(0)) : value;
}
