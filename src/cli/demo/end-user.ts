import { createFormBrowser, type Page } from '../form-browser.ts';

/** What the sandbox bank's persons share. */
const password = 'sandbox';
const otp = '123456';
const maximumPages = 30;

/**
 * Goes through the hosted pages and the bank's own as a person would, with forms and without JavaScript, and ends where
 * Tidewater says that all is done. Throws with the page's words when it gets stuck.
 */
export async function consentAs(psuId: string, redirectUrl: string): Promise<void> {
  const browser = createFormBrowser();
  let page = await browser.open(redirectUrl);
  for (let i = 0; i < maximumPages; i++) {
    const form = page.forms.find((candidate) => candidate.method === 'POST');
    if (page.status >= 400) throw new Error(`The page says: ${page.text.slice(0, 300)}`);
    if (!form) {
      const refresh = refreshTarget(page);
      if (!refresh) return;
      await new Promise((resolve) => setTimeout(resolve, refresh.seconds * 1_000));
      page = await browser.open(refresh.url);
      continue;
    }
    page = await answer(page, psuId);
  }
  throw new Error(`Still not done after ${maximumPages} pages; the last says: ${page.text.slice(0, 300)}`);
}

async function answer(page: Page, psuId: string): Promise<Page> {
  const fields = page.forms.filter((form) => form.method === 'POST').flatMap((form) => form.fields);
  const has = (name: string): boolean => fields.some((field) => field.name === name);
  if (has('psu_id')) return await page.submit({ psu_id: psuId, ...(has('password') ? { password } : {}) });
  if (has('otp')) return await page.submit({ otp });
  if (has('decision')) return await page.submit({}, 'approve');
  const bank = fields.find((field) => field.name === 'bankId');
  if (bank?.type === 'submit') return await page.submit({}, bank.value);
  return bank ? await page.submit({ bankId: bank.value }) : await page.submit();
}

function refreshTarget(page: Page): { seconds: number; url: string } | null {
  const match = /http-equiv="refresh"\s+content="(\d+)(?:;\s*url=([^"]*))?"/i.exec(page.html);
  if (!match) return null;
  return { seconds: Number(match[1]), url: new URL(match[2] || page.url, page.url).href };
}
