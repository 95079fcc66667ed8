const maxParts = 100;

/** The parts of a multipart body, decoded; null when it is none. Headers of parts count no more than labels do: content is read by content. */
export function splitMultipart(text: string, contentType: string | null): string[] | null {
  const boundary = findBoundary(text, contentType);
  if (boundary === null) return null;
  const parts = `\r\n${text.replace(/\r?\n/g, '\r\n')}`.split(`\r\n--${boundary}`).slice(1, maxParts + 1);
  return parts.flatMap((part) => {
    if (part.startsWith('--')) return [];
    const end = part.indexOf('\r\n\r\n');
    if (end < 0) return [];
    const body = part.slice(end + 4);
    const isBase64 = /^content-transfer-encoding:\s*base64\s*$/im.test(part.slice(0, end).replaceAll('\r', ''));
    return [isBase64 ? Buffer.from(body, 'base64').toString('utf8') : body];
  });
}

function findBoundary(text: string, contentType: string | null): string | null {
  const isNamed = /^\s*multipart\//i.test(contentType ?? '');
  const named = isNamed ? /boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(contentType ?? '') : null;
  if (named) return named[1] ?? named[2] ?? null;
  return /^\s*--([^\s-][^\r\n]{0,69}?)[ \t]*\r?\n[\w-]+:/.exec(text)?.[1] ?? null;
}
