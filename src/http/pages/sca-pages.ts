import type { FlowView } from '../../consent/flow-view.ts';
import { type Html, html } from './html.ts';
import { backTargets, cancelLink, type PageFrame } from './page-frame.ts';
import { type Page, problemStatus } from './page-layout.ts';
import type { Words } from './words.ts';

const waitSeconds = 3;
const mayLeadToBank: ReadonlySet<string> = new Set(['identify', 'name-accounts']);

type AuthoriseView = Extract<FlowView, { page: 'authorise' }>;

/** The SCA on our own page: what the bank wants next of the end user. */
export function authorisePage(view: AuthoriseView, frame: PageFrame): Page {
  const { words } = frame;
  const { next } = view.progress;
  const bank = view.bank?.name ?? '';
  switch (next.step) {
    case 'identify':
      return formPage(view, frame, {
        title: words.loginTitle(bank),
        fields: html`<p>${words.identifyText}</p>${userName(view, frame)}${next.asksCorporateId ? corporateId(view, frame) : null}`,
      });
    case 'name-accounts':
      return formPage(view, frame, {
        title: words.accountsTitle,
        fields: html`<p>${words.accountsText}</p><label for="iban">${words.ibans}</label>
          <textarea id="iban" name="iban" rows="3" maxlength="2000" autocapitalize="characters" spellcheck="false" required${described(view)}></textarea>`,
      });
    case 'enter-confirmation-code':
      return formPage(view, frame, {
        title: words.confirmationTitle,
        fields: html`<p>${words.confirmationText}</p>${codeField(view, frame, { inputMode: 'text', maxLength: 64 })}`,
      });
    case 'authenticate':
      return formPage(view, frame, {
        title: words.loginTitle(bank),
        fields: html`<p>${words.loginText}</p>${userName(view, frame)}${next.asksCorporateId ? corporateId(view, frame) : null}
          <label for="password">${words.password}</label>
          <input id="password" name="password" type="password" autocomplete="current-password" maxlength="200" required${described(view)}>`,
      });
    case 'choose-method':
      return formPage(view, frame, { title: words.methodTitle, fields: methods(next.methods, frame) });
    case 'enter-otp': {
      const { text, image, otpFormat, otpMaxLength } = next.challenge;
      return formPage(view, frame, {
        title: words.otpTitle,
        hasImage: Boolean(image),
        fields: html`${text ? html`<p>${text}</p>` : null}${image && html`<img class="challenge" src="${image}" alt="${words.challengeImage}">`}${codeField(
          view,
          frame,
          { inputMode: otpFormat === 'integer' ? 'numeric' : 'text', maxLength: otpMaxLength ?? 64 },
        )}`,
      });
    }
    case 'go-to-bank':
    case 'approve-in-app':
    case 'done':
    case 'failed':
      return {
        status: 200,
        title: words.approveTitle,
        refreshSeconds: waitSeconds,
        content: html`<div class="progress" aria-hidden="true"></div><p role="status">${view.progress.message ?? words.approveText}</p>
          <p class="soft">${words.looksAgain} <a href="${frame.here}">${words.lookNow}</a></p>${cancelLink(frame)}`,
      };
  }
}

function formPage(
  view: AuthoriseView,
  frame: PageFrame,
  { title, fields, hasImage = false }: { title: string; fields: Html; hasImage?: boolean },
): Page {
  const { words, here } = frame;
  return {
    status: view.problem ? problemStatus : 200,
    title,
    // With the name known, or the accounts, the bank's own page may be what comes next.
    formTargets: [...backTargets(view), ...(mayLeadToBank.has(view.progress.next.step) ? frame.bankTargets : [])],
    hasImage,
    content: html`${alarm(view, frame)}${message(view)}<form method="post" action="${here}/authorise">${fields}
      <button type="submit">${words.continue}</button></form>${cancelLink(frame)}`,
  };
}

function alarm({ problem, progress }: AuthoriseView, { words }: PageFrame): Html | null {
  if (!problem) return null;
  const text = wrongWords(progress.next.step, words);
  // Has the focus when the page opens, so that the problem is read first and the next key leads into the form.
  return html`<p role="alert" id="problem" class="problem" tabindex="-1" autofocus><strong>${words.wrongTitle}</strong>${text}</p>`;
}

function wrongWords(step: AuthoriseView['progress']['next']['step'], words: Words): string {
  if (step === 'enter-otp' || step === 'enter-confirmation-code') return words.wrongOtp;
  return step === 'name-accounts' ? words.wrongIbans : words.wrongCredentials;
}

function message({ progress }: AuthoriseView): Html | null {
  return progress.message ? html`<p>${progress.message}</p>` : null;
}

function described({ problem }: AuthoriseView): Html | null {
  return problem ? html` aria-invalid="true" aria-describedby="problem"` : null;
}

function userName(view: AuthoriseView, { words }: PageFrame): Html {
  return html`<label for="psu_id">${words.userName}</label>
    <input id="psu_id" name="psu_id" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="140" required value="${view.psuId ?? ''}"${described(view)}>`;
}

function corporateId(view: AuthoriseView, { words }: PageFrame): Html {
  return html`<label for="corporate_id">${words.corporateId}</label>
    <input id="corporate_id" name="corporate_id" autocapitalize="none" spellcheck="false" maxlength="140" required value="${view.corporateId ?? ''}"${described(view)}>`;
}

function codeField(
  view: AuthoriseView,
  { words }: PageFrame,
  { inputMode, maxLength }: { inputMode: 'numeric' | 'text'; maxLength: number },
): Html {
  return html`<label for="otp">${words.otp}</label>
    <input id="otp" name="otp" autocomplete="one-time-code" inputmode="${inputMode}" maxlength="${maxLength}" spellcheck="false" required${described(view)}>`;
}

function methods(offered: ReadonlyArray<{ id: string; name: string }>, { words }: PageFrame): Html {
  const choices = offered.map(
    ({ id, name }, index) =>
      html`<label class="choice"><input type="radio" name="methodId" value="${id}"${index === 0 ? html` checked` : null} required>${name}</label>`,
  );
  return html`<fieldset><legend>${words.methods}</legend>${choices}</fieldset>`;
}
