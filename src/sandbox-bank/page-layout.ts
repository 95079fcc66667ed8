import type { BankReply } from './exchange.ts';

/** Text inside of HTML, attributes included. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A line above the form that says what went wrong; nothing where nothing did. */
export function problemLine(problem: string): string {
  return problem === '' ? '' : `<p role="alert" class="problem">${escapeHtml(problem)}</p>`;
}

const style = `body{font:17px/1.5 system-ui,sans-serif;margin:0;background:#eef3f1;color:#14201c}
main{max-width:26rem;margin:8vh auto;padding:2rem;background:#fff;border-radius:.75rem;box-shadow:0 1px 6px #0002}
header{color:#0b5d46;font-weight:700}h1{font-size:1.4rem}label{display:block;margin:1rem 0 .25rem}
fieldset{border:1px solid #7a8a84;border-radius:.4rem}input[type=radio]{width:auto}
input{width:100%;box-sizing:border-box;font:inherit;padding:.6rem;border:1px solid #7a8a84;border-radius:.4rem}
button{font:inherit;font-weight:600;width:100%;margin-top:1.25rem;padding:.75rem;border:0;border-radius:.4rem;background:#0b5d46;color:#fff}
button.second{background:#fff;color:#0b5d46;border:1px solid #0b5d46;margin-top:.75rem}.problem{color:#a1260d}`;

/** A page of the bank; `content` is HTML, the title is text. */
export function page(status: number, title: string, content: string): BankReply {
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    },
    body: `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Sandbox Bank</title><style>${style}</style></head>
<body><main><header>Sandbox Bank</header><h1>${escapeHtml(title)}</h1>${content}</main></body></html>`,
  };
}
