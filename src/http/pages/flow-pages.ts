import type { FlowView } from '../../consent/flow-view.ts';
import { type Html, html } from './html.ts';
import { overviewPage, removalPage } from './management-pages.ts';
import { backTargets, cancelLink, link, type PageFrame } from './page-frame.ts';
import type { Page } from './page-layout.ts';
import { enterReturnCodePage, pausedPage } from './return-pages.ts';
import { authorisePage } from './sca-pages.ts';
import type { Words } from './words.ts';

const progressSeconds = 2;
const waitSeconds = 4;

type View<Name extends FlowView['page']> = Extract<FlowView, { page: Name }>;

/** What is shown to an end user whose session stands there. */
export function toPage(view: FlowView, frame: PageFrame): Page {
  const { words, here } = frame;
  switch (view.page) {
    case 'choose-bank':
      return choosePage(view, frame);
    case 'confirm':
      return confirmPage(view, frame);
    case 'go-to-bank':
      return { status: 200, title: words.goTitle, content: link(view.url, words.toBank(view.bank?.name ?? '')) };
    case 'authorise':
      return authorisePage(view, frame);
    case 'enter-return-code':
      return enterReturnCodePage(view, frame);
    case 'paused':
      return pausedPage(view, frame);
    case 'waiting-for-bank':
      return waitingPage(frame);
    case 'running':
      return runningPage(frame);
    case 'bank-trouble':
      return troublePage(view, frame);
    case 'overview':
      return overviewPage(view, frame);
    case 'confirm-removal':
      return removalPage(view, frame);
    case 'confirm-leaving':
      return leavingPage(view, frame);
    case 'moved-on':
      return { status: 200, title: words.goOn, content: link(here, words.goOn) };
    case 'out-of-step': {
      const content = html`<p role="alert">${words.outOfStepText}</p>${link(here, words.goOn)}`;
      return { status: 409, title: words.outOfStepTitle, content };
    }
    case 'ended':
      return endedPage(view, frame);
  }
}

function choosePage(view: View<'choose-bank'>, frame: PageFrame): Page {
  const { words, here, choice } = frame;
  const content = html`<p>${words.onBehalf(view.clientName)}</p>${shared(view, frame)}
    <form method="get" action="${here}/banks" role="search">
      <label for="search">${words.search}</label>
      <div class="row"><input id="search" name="search" type="search" value="${choice.search}" maxlength="100" autocomplete="off" spellcheck="false">
        <button type="submit" class="quiet fit">${words.searchButton}</button></div>
    </form>
    <h2 id="banks">${words.banks}</h2>
    ${choice.banks.length === 0 ? html`<p role="status">${words.noBanks}</p>` : bankForm(frame)}
    ${choice.isCut && html`<p class="soft">${words.moreBanks}</p>`}${awayLink(view, frame)}`;
  return { status: 200, title: words.chooseTitle, formTargets: frame.bankTargets, content };
}

function awayLink({ session }: FlowView, frame: PageFrame): Html {
  const hasOverview = session.kind === 'MANAGEMENT' && !session.addBankLogin;
  return hasOverview ? html`<a class="button quiet" href="${frame.here}">${frame.words.back}</a>` : cancelLink(frame);
}

function bankForm(frame: PageFrame): Html {
  const rows = frame.choice.banks.map(
    ({ id, name, bic, country }) =>
      html`<li><button type="submit" class="bank" name="bankId" value="${id}">${name} <small>${[bic, country].filter(Boolean).join(' · ')}</small></button></li>`,
  );
  return html`<form method="post" action="${frame.here}/begin"${top(frame)}>${handover(frame)}<ul class="plain" aria-labelledby="banks">${rows}</ul></form>`;
}

function confirmPage(view: View<'confirm'>, frame: PageFrame): Page {
  const { words, here } = frame;
  const bank = view.bank?.name ?? '';
  const other = view.canChooseBank && html`<a class="button quiet" href="${here}/banks">${words.otherBank}</a>`;
  return {
    status: 200,
    title: view.renewal ? words.renewTitle(bank) : words.confirmTitle(bank),
    formTargets: frame.bankTargets,
    content: html`<p>${words.onBehalf(view.clientName)}</p>${shared(view, frame)}
      <form method="post" action="${here}/begin"${top(frame)}>${handover(frame)}
        <input type="hidden" name="bankId" value="${view.bank?.id ?? ''}">
        <button type="submit">${words.toBank(bank)}</button>
      </form>${other}${cancelLink(frame)}`,
  };
}

/** A form that may end at a bank leaves the frame, if there is one. */
function top({ isFramed }: PageFrame): Html | null {
  return isFramed ? html` target="_top"` : null;
}

/** The whole window has other cookies than the frame: the form takes along what lets it go on. */
function handover({ handover }: PageFrame): Html | null {
  return handover === null ? null : html`<input type="hidden" name="handover" value="${handover}">`;
}

function shared({ terms, clientName }: View<'choose-bank' | 'confirm'>, { words }: PageFrame): Html {
  const { recurring, validUntil, frequencyPerDay } = terms;
  return html`<section class="shared" aria-labelledby="shared"><h2 id="shared">${words.sharedTitle}</h2>
    <ul>${words.shared.map((item) => html`<li>${item}</li>`)}</ul>
    <p>${recurring ? words.sharedRecurring(words.date(validUntil), frequencyPerDay) : words.sharedOnce}</p>
    <p>${words.sharedSafely}</p></section><p class="soft">${words.onlyYours(clientName)}</p>`;
}

function waitingPage(frame: PageFrame): Page {
  const { words, here } = frame;
  return {
    status: 200,
    title: words.waitTitle,
    refreshSeconds: waitSeconds,
    content: html`<p role="status">${words.waitText}</p><p>${words.waitHint}</p>${link(`${here}/again`, words.tryAgain)}${cancelLink(frame)}`,
  };
}

function runningPage({ words, here }: PageFrame): Page {
  return {
    status: 200,
    title: words.runningTitle,
    refreshSeconds: progressSeconds,
    content: html`<div class="progress" aria-hidden="true"></div><p role="status">${words.runningText} ${words.runningHint}</p>
      <p class="soft">${words.looksAgain} <a href="${here}">${words.lookNow}</a></p>`,
  };
}

function troublePage(view: View<'bank-trouble'>, frame: PageFrame): Page {
  const { words, here } = frame;
  const { isLasting, reference } = view.trouble;
  const text = isLasting ? words.refusedText(view.clientName) : words.troubleText;
  const content = html`<p role="alert">${text} ${untouched(view, words)}</p>${reference && html`<p class="soft">${words.reference(reference)}</p>`}${link(here, words.tryAgain)}${cancelLink(frame)}`;
  return { status: 502, title: isLasting ? words.refusedTitle : words.troubleTitle, content };
}

function leavingPage(view: View<'confirm-leaving'>, { words, here }: PageFrame): Page {
  return {
    status: 200,
    title: words.cancelTitle,
    formTargets: backTargets(view),
    content: html`<p>${untouched(view, words)}</p>
      <form method="post" action="${here}/leave"><button type="submit">${words.cancelForm}</button></form>
      <a class="button quiet" href="${here}">${words.goOn}</a>`,
  };
}

/** What a session that comes to nothing leaves behind. */
function untouched({ session }: FlowView, words: Words): string {
  return session.bankLoginId === null ? words.nothingShared : words.nothingChanged;
}

function endedPage(view: View<'ended'>, { words, here }: PageFrame): Page {
  const { session, back, canTryAgain } = view;
  const [title, text] = endedWords(view, words);
  const home = back && html`<a class="${canTryAgain ? 'button quiet' : 'button'}" href="${back}">${words.back}</a>`;
  return {
    status: session.status === 'EXPIRED' ? 410 : 200,
    title,
    content: html`<p role="status">${text}</p>${canTryAgain && link(`${here}/again`, words.tryAgain)}${home}`,
  };
}

function endedWords(view: View<'ended'>, words: Words): [string, string] {
  const { kind, status, errorCode } = view.session;
  if (status === 'EXPIRED') return [words.expiredTitle, words.expiredText];
  if (kind === 'MANAGEMENT') return [words.finishedTitle, words.finishedText];
  if (status === 'COMPLETED') return [words.doneTitle, words.doneText];
  if (status === 'CANCELLED') return [words.cancelledTitle, `${untouched(view, words)} ${words.cancelledText}`];
  if (errorCode === 'OTHER_BROWSER')
    return [words.unconfirmedTitle, `${words.unconfirmedText} ${untouched(view, words)}`];
  if (errorCode === 'CONSENT_REJECTED') return [words.deniedTitle, `${words.deniedText} ${untouched(view, words)}`];
  return [words.failedTitle, words.failedText];
}
