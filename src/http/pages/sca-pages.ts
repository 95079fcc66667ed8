import type { FlowView } from '../../consent/flow-view.ts';
import { type Html, html } from './html.ts';
import { backTargets, cancelLink, type PageFrame } from './page-frame.ts';
import { type Page, problemStatus } from './page-layout.ts';

const waitSeconds = 3;

type AuthoriseView = Extract<FlowView, { page: 'authorise' }>;

/** The SCA on our own page: what the bank wants next of the end user. */
export function authorisePage(view: AuthoriseView, frame: PageFrame): Page {
  const { words } = frame;
  const { next } = view.authorisation;
  const bank = view.bank?.name ?? '';
  switch (next.step) {
    case 'identify':
      return formPage(view, frame, {
        title: words.loginTitle(bank),
        fields: html`<p>${words.identifyText}</p>${userName(view, frame)}`,
      });
    case 'authenticate':
      return formPage(view, frame, {
        title: words.loginTitle(bank),
        fields: html`<p>${words.loginText}</p>${userName(view, frame)}
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
        fields: html`${text ? html`<p>${text}</p>` : null}${image && html`<img class="challenge" src="data:image/png;base64,${image}" alt="${words.challengeImage}">`}<label for="otp">${words.otp}</label>
          <input id="otp" name="otp" autocomplete="one-time-code" inputmode="${otpFormat === 'integer' ? 'numeric' : 'text'}" maxlength="${otpMaxLength ?? 64}" spellcheck="false" required${described(view)}>`,
      });
    }
    case 'approve-in-app':
    case 'done':
    case 'failed':
      return {
        status: 200,
        title: words.approveTitle,
        refreshSeconds: waitSeconds,
        content: html`<div class="progress" aria-hidden="true"></div><p role="status">${view.authorisation.message ?? words.approveText}</p>
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
    formTargets: backTargets(view),
    hasImage,
    content: html`${alarm(view, frame)}${message(view)}<form method="post" action="${here}/authorise">${fields}
      <button type="submit">${words.continue}</button></form>${cancelLink(frame)}`,
  };
}

function alarm({ problem, authorisation }: AuthoriseView, { words }: PageFrame): Html | null {
  if (!problem) return null;
  const text = authorisation.next.step === 'enter-otp' ? words.wrongOtp : words.wrongCredentials;
  // Has the focus when the page opens, so that the problem is read first and the next key leads into the form.
  return html`<p role="alert" id="problem" class="problem" tabindex="-1" autofocus><strong>${words.wrongTitle}</strong>${text}</p>`;
}

function message({ authorisation }: AuthoriseView): Html | null {
  return authorisation.message ? html`<p>${authorisation.message}</p>` : null;
}

function described({ problem }: AuthoriseView): Html | null {
  return problem ? html` aria-invalid="true" aria-describedby="problem"` : null;
}

function userName(view: AuthoriseView, { words }: PageFrame): Html {
  return html`<label for="psu_id">${words.userName}</label>
    <input id="psu_id" name="psu_id" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="140" required value="${view.psuId ?? ''}"${described(view)}>`;
}

function methods(offered: ReadonlyArray<{ id: string; name: string }>, { words }: PageFrame): Html {
  const choices = offered.map(
    ({ id, name }, index) =>
      html`<label class="choice"><input type="radio" name="methodId" value="${id}"${index === 0 ? html` checked` : null} required>${name}</label>`,
  );
  return html`<fieldset><legend>${words.methods}</legend>${choices}</fieldset>`;
}
