import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { englishWords } from '../../../src/http/pages/english-words.ts';
import { germanWords } from '../../../src/http/pages/german-words.ts';
import { html } from '../../../src/http/pages/html.ts';
import { pageHeaders, renderPage } from '../../../src/http/pages/page-layout.ts';

const page = { status: 200, title: 'Title', content: html`<p>${'<b>'}</p>` };

function policyOf(formTargets: string[], embeddingOrigins: string[]): string[] {
  return (pageHeaders({ formTargets }, embeddingOrigins)['content-security-policy'] ?? '').split('; ');
}

it('lets forms lead to our own pages, and where the page says', () => {
  expect(policyOf([], [])).toContain("form-action 'self'");
  expect(policyOf(['https://client.example'], [])).toContain("form-action 'self' https://client.example");
});

it('shows images where it says so, and none from elsewhere', () => {
  expect(policyOf([], []).filter((part) => part.startsWith('img-src'))).toEqual([]);
  expect(pageHeaders({ hasImage: true }, [])['content-security-policy']).toContain('; img-src data:;');
});

it('is framed by nobody, or by the origins that the operator names', () => {
  expect(policyOf([], [])).toContain("frame-ancestors 'none'");
  expect(pageHeaders({}, [])['x-frame-options']).toBe('DENY');
  const origins = ['https://app.example', 'https://other.example'];
  expect(policyOf([], origins)).toContain('frame-ancestors https://app.example https://other.example');
  expect(pageHeaders({}, origins)).not.toHaveProperty('x-frame-options');
});

it('allows the one style that it carries, by its hash', () => {
  const style = /<style>([\s\S]*)<\/style>/.exec(renderPage(page, englishWords))?.[1] ?? '';
  expect(policyOf([], [])).toContain(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`);
});

it('says in the title, in the page’s language, that a form has to be corrected', () => {
  expect(renderPage(page, englishWords)).toContain('<title>Title · Tidewater</title>');
  expect(renderPage({ ...page, status: 422 }, germanWords)).toContain(
    '<title>Das hat nicht geklappt: Title · Tidewater</title>',
  );
});

it('speaks German wherever it speaks English', () => {
  const untranslated = Object.entries(englishWords)
    .filter(([name, words]) => typeof words === 'string' && words === Reflect.get(germanWords, name))
    .map(([name]) => name);
  expect(untranslated).toEqual([]);
});
