import { createHash } from 'node:crypto';
import { type Html, html } from './html.ts';
import type { Words } from './words.ts';

export interface Page {
  status: number;
  title: string;
  content: Html;
  /** The browser looks again after so many seconds. */
  refreshSeconds?: number;
  /** What the browser is told to wait. @default nothing */
  retryAfterSeconds?: number;
  /** Where the page's forms may lead, besides our own pages. @default nowhere */
  formTargets?: readonly string[];
  /** The page carries an image of its own, of which the policy has to know. @default false */
  hasImage?: boolean;
}

const style = `:root{color-scheme:light dark;--ink:#12202b;--soft:#4a5a67;--paper:#fff;--ground:#eef2f5;--line:#8795a1;--accent:#0b5cad;--on:#fff;--alarm:#a3200d}
@media (prefers-color-scheme:dark){:root{--ink:#e8eef3;--soft:#b3c0ca;--paper:#16222c;--ground:#0c141a;--line:#6d7f8d;--accent:#6db3f5;--on:#06121c;--alarm:#ff9b8a}}
*{box-sizing:border-box}body{margin:0;font:17px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;background:var(--ground);color:var(--ink);overflow-wrap:anywhere}
header,main,footer{max-width:30rem;margin:0 auto;padding:0 1.75rem}header{padding-top:5vh;padding-bottom:1rem}.brand{font-weight:700;letter-spacing:.02em;color:var(--accent);margin:0}
main{padding-top:1.75rem;padding-bottom:1.75rem;background:var(--paper);border-radius:1rem;box-shadow:0 1px 8px #0002}footer{padding-top:1rem;padding-bottom:3rem}
@media (max-width:30rem){header{padding-top:1.25rem}main{border-radius:0;box-shadow:none}header,main,footer{padding-left:1.25rem;padding-right:1.25rem}}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem}h2{font-size:1.1rem;margin:1.5rem 0 .5rem}h3{font-size:1rem;margin:0}p{margin:0 0 1rem}.soft,small,footer{color:var(--soft)}small,footer{font-size:.9rem}
label,legend{display:block;margin:1rem 0 .3rem;font-weight:600;padding:0}fieldset{border:0;margin:0;padding:0}
input,textarea{width:100%;font:inherit;padding:.65rem;border:1px solid var(--line);border-radius:.5rem;background:transparent;color:inherit;min-height:2.9rem}
input[type=radio]{width:1.2rem;height:1.2rem;min-height:0;margin:0 .75rem 0 0;flex:none;accent-color:var(--accent)}label.choice{display:flex;align-items:center;font-weight:400;border:1px solid var(--line);border-radius:.5rem;padding:.75rem;margin:.5rem 0}
button,.button{display:block;width:100%;text-align:center;text-decoration:none;font:inherit;font-weight:600;margin-top:1rem;padding:.75rem 1rem;min-height:2.9rem;border:1px solid var(--accent);border-radius:.5rem;background:var(--accent);color:var(--on);cursor:pointer}
button.quiet,.button.quiet{background:transparent;color:var(--accent)}button.bank{background:transparent;color:var(--ink);border-color:var(--line);text-align:left;margin-top:.6rem}button.bank small{display:block;font-weight:400}
button.danger{background:var(--alarm);border-color:var(--alarm);color:var(--on)}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
a{color:var(--accent)}ul{padding-left:1.2rem;margin:0 0 1rem}ul.plain{list-style:none;padding:0}.row{display:flex;gap:.75rem}.row>*{flex:1;min-width:0}.row button{margin-top:0}.row button.fit{flex:none;width:auto}.shared{border:1px solid var(--line);border-radius:.5rem;padding:1rem 1rem 0;margin:0 0 1rem}.shared h2{margin-top:0}
.problem{border-left:4px solid var(--alarm);padding:.25rem 0 .25rem .9rem;color:var(--alarm)}.problem strong{display:block}.challenge{display:block;max-width:100%;margin:1rem auto;padding:1rem;background:#fff}.code{font:700 2.2rem/1.2 ui-monospace,monospace;letter-spacing:.12em;text-align:center;margin:1.25rem 0}.login{border-top:1px solid var(--line);padding:1.25rem 0}.login h2{margin-top:0}
.progress{height:.4rem;border-radius:.2rem;margin:0 0 1rem;background:linear-gradient(90deg,var(--ground),var(--accent),var(--ground)) 0 0/200% 100%}
@media (prefers-reduced-motion:no-preference){.progress{animation:flow 2s linear infinite}}@keyframes flow{from{background-position:200% 0}to{background-position:0 0}}`;
const styleHash = createHash('sha256').update(style).digest('base64');

/** Headers of every hosted page: nothing is cached, framed by strangers, run as a script or told to other sites. */
export function pageHeaders(
  { formTargets = [], hasImage = false }: Pick<Page, 'formTargets' | 'hasImage'>,
  embeddingOrigins: readonly string[],
): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    ...(hasImage ? ['img-src data:'] : []),
    "base-uri 'none'",
    // Chromium holds this against every redirect that follows a form.
    ["form-action 'self'", ...formTargets].join(' '),
    `frame-ancestors ${embeddingOrigins.length === 0 ? "'none'" : embeddingOrigins.join(' ')}`,
  ];
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-robots-tag': 'noindex',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
    'content-security-policy': policy.join('; '),
    ...(embeddingOrigins.length === 0 ? { 'x-frame-options': 'DENY' } : {}),
  };
}

/** A form that has to be corrected. */
export const problemStatus = 422;

export function renderPage({ status, title, content, refreshSeconds }: Page, words: Words): string {
  const refresh = refreshSeconds === undefined ? null : html`<meta http-equiv="refresh" content="${refreshSeconds}">`;
  const head = html`<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${refresh}<title>${status === problemStatus && `${words.wrongTitle}: `}${title} · Tidewater</title>`;
  const body = html`<header><p class="brand">Tidewater</p></header><main><h1>${title}</h1>${content}</main>`;
  // The style stands as it is: its hash is what the policy allows.
  return `<!doctype html>
<html lang="${words.language}"><head>${head.text}<style>${style}</style></head>
<body>${body.text}</body></html>`;
}
