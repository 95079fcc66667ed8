import { isRecord, toList } from './json-values.ts';

/** `_links` of a reply: `{ next: { href } }`, `{ next: href }`, or a list of `{ rel, href }`. */
export function linksOf(reply: unknown): Record<string, string> {
  const given = isRecord(reply) ? (reply._links ?? reply.links) : null;
  if (Array.isArray(given)) {
    const named = given.filter(isRecord).flatMap((link) => {
      const href = hrefOf(link);
      return href !== null && typeof link.rel === 'string' ? [[link.rel, href] as const] : [];
    });
    return Object.fromEntries(named);
  }
  if (!isRecord(given)) return {};
  const hrefs = Object.entries(given).flatMap(([name, link]) => {
    const href = hrefOf(link);
    return href === null ? [] : [[name, href] as const];
  });
  return Object.fromEntries(hrefs);
}

function hrefOf(link: unknown): string | null {
  const [first] = toList(link);
  const href = isRecord(first) ? first.href : first;
  if (typeof href !== 'string') return null;
  return mend(href.trim());
}

/** `null/…` and `undefined/…` come of a bank that did not know its own address; what follows is meant below it. */
function mend(href: string): string | null {
  const rest = href.replace(/^(?:https?:\/\/)?(?:null|undefined)(?=$|[/?])/i, '');
  if (rest === '' || rest === '/') return null;
  if (rest === href) return href;
  const versioned = /\/v\d+\/.*$/.exec(rest)?.[0];
  if (versioned) return versioned;
  const resource = /\/(?:card-)?accounts\/.*$/.exec(rest)?.[0];
  return resource ? `/v1${resource}` : rest;
}
