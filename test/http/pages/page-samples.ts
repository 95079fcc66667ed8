import type { NextStep } from '../../../src/banking/bank-port.ts';
import type { FlowView, Visit } from '../../../src/consent/flow-view.ts';
import type { ManagedLogin } from '../../../src/consent/login-store.ts';
import type { Bank, Session } from '../../../src/generated/prisma/client.ts';
import { noCookiePage, otherBrowserPage, returnCodePage, stoppedPage } from '../../../src/http/pages/browser-pages.ts';
import { toPage } from '../../../src/http/pages/flow-pages.ts';
import type { PageFrame } from '../../../src/http/pages/page-frame.ts';
import type { Page } from '../../../src/http/pages/page-layout.ts';
import type { Words } from '../../../src/http/pages/words.ts';

const bank: Bank = {
  id: 'bank_1',
  name: 'Volksbank Raiffeisenbank Nordoberpfalz',
  bic: 'GENODEF1WEV',
  bankCode: '75390000',
  country: 'DE',
  listed: true,
  scaValidityDays: 180,
};
const now = new Date('2026-03-10T10:00:00Z');

const session: Session = {
  id: 'cs_1',
  kind: 'CONNECT',
  clientId: 'cli_1',
  userId: 'usr_1',
  status: 'AWAITING_USER',
  bankId: null,
  bankLoginId: null,
  consentId: null,
  linkHash: null,
  linkSecret: null,
  stateHash: null,
  nokStateHash: null,
  browserHash: null,
  awaitedReturn: null,
  returnUrl: null,
  storeSecrets: true,
  addBankLogin: false,
  psuIpAddress: null,
  attended: true,
  authorisation: null,
  idempotencyKey: null,
  idempotencyHash: null,
  leaseUntil: null,
  fencingToken: 0,
  parentId: null,
  eventId: null,
  errorCode: null,
  errorMessage: null,
  expiresAt: null,
  createdAt: now,
  updatedAt: now,
  finishedAt: null,
};
const management: Session = { ...session, kind: 'MANAGEMENT' };
const back = 'https://client.example/banking?session=cs_1&status=FAILED';
const visit: Visit = { session, linkSecret: 'secret', bank, clientName: 'Haushaltsbuch GmbH', back };
const terms = { recurring: true, validUntil: '2026-09-06', frequencyPerDay: 4 };

function login(given: Partial<ManagedLogin> = {}): ManagedLogin {
  return {
    id: 'login_1',
    bankId: bank.id,
    bankName: bank.name,
    status: 'OK',
    secretsStored: true,
    lastSynchronization: now,
    accounts: [
      { id: 'acc_1', name: 'Girokonto', iban: 'DE02120300000000202051', currency: 'EUR' },
      { id: 'acc_2', name: null, iban: null, currency: 'USD' },
    ],
    consent: { validUntil: new Date('2026-09-06'), recurring: true, authorisedAt: now },
    ...given,
  };
}
const withoutConsent = login({
  id: 'login_2',
  bankName: 'Sparkasse',
  status: 'SCA_REQUIRED',
  accounts: [],
  consent: null,
});
const oneOff = login({
  id: 'login_3',
  bankName: 'Bank mit Einmal-Zustimmung',
  consent: { validUntil: now, recurring: false, authorisedAt: now },
});
const notStored = login({ id: 'login_4', bankName: 'Ohne Zugangsdaten', secretsStored: false, consent: null });

function authorise(
  next: NextStep,
  { problem = null, message = null }: { problem?: 'wrong-credentials' | null; message?: string | null } = {},
): FlowView {
  return {
    ...visit,
    page: 'authorise',
    progress: { next, message },
    psuId: 'anna',
    corporateId: null,
    problem,
  };
}
const methods = [
  { id: 'sms', name: 'SMS an die Rufnummer, die auf 42 endet', type: 'SMS_OTP' },
  { id: 'chip', name: 'Chipkarte und Lesegerät', type: 'CHIP_OTP' },
];
// 1 × 1, white.
const image =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII=';
const challenge = { text: 'Code an •••• 42 gesendet', image: null, otpFormat: 'integer', otpMaxLength: 6 } as const;

function ended(given: Partial<Session>, canTryAgain = false): FlowView {
  return { ...visit, session: { ...session, ...given }, page: 'ended', canTryAgain };
}

/** Every page that an end user can be shown, each in every shape that it has. A new page has to be added. */
export const views: { readonly [Name in FlowView['page']]: Readonly<Record<string, FlowView>> } = {
  'choose-bank': { once: { ...visit, page: 'choose-bank', terms: { ...terms, recurring: false } } },
  confirm: {
    connect: { ...visit, page: 'confirm', terms, renewal: false, canChooseBank: true },
    renew: { ...visit, page: 'confirm', terms, renewal: true, canChooseBank: false },
  },
  'go-to-bank': { bank: { ...visit, page: 'go-to-bank', url: 'https://bank.example/' } },
  authorise: {
    identify: authorise({ step: 'identify' }),
    'identify-company': authorise({ step: 'identify', asksCorporateId: true }),
    accounts: authorise({ step: 'name-accounts' }),
    'accounts-again': authorise({ step: 'name-accounts' }, { problem: 'wrong-credentials' }),
    'confirmation-code': authorise({ step: 'enter-confirmation-code' }),
    login: authorise({ step: 'authenticate' }),
    'login-again': authorise({ step: 'authenticate' }, { problem: 'wrong-credentials' }),
    methods: authorise({ step: 'choose-method', methods }),
    code: authorise({ step: 'enter-otp', challenge }),
    'code-by-image': authorise({ step: 'enter-otp', challenge: { ...challenge, image } }),
    'code-again': authorise({ step: 'enter-otp', challenge }, { problem: 'wrong-credentials' }),
    app: authorise({ step: 'approve-in-app' }),
    'app-with-message': authorise({ step: 'approve-in-app' }, { message: 'Bitte öffnen Sie Ihre VR-BankingApp.' }),
  },
  'enter-return-code': {
    code: { ...visit, page: 'enter-return-code', triesLeft: null },
    again: { ...visit, page: 'enter-return-code', triesLeft: 2 },
  },
  paused: { paused: { ...visit, page: 'paused', waitSeconds: 240 } },
  'waiting-for-bank': { waiting: { ...visit, page: 'waiting-for-bank' } },
  running: { running: { ...visit, page: 'running' } },
  'bank-trouble': {
    passing: { ...visit, page: 'bank-trouble', trouble: { isLasting: false, reference: 'request-1' } },
    lasting: { ...visit, page: 'bank-trouble', trouble: { isLasting: true, reference: null } },
  },
  overview: {
    logins: {
      ...visit,
      session: management,
      page: 'overview',
      logins: [login(), withoutConsent, oneOff, notStored],
    },
    empty: { ...visit, session: management, page: 'overview', logins: [] },
  },
  'confirm-removal': { removal: { ...visit, session: management, page: 'confirm-removal', login: login() } },
  'confirm-leaving': { leaving: { ...visit, page: 'confirm-leaving' } },
  'moved-on': { moved: { ...visit, page: 'moved-on' } },
  'out-of-step': { 'out-of-step': { ...visit, page: 'out-of-step' } },
  ended: {
    done: { ...ended({ status: 'COMPLETED' }), back: null },
    denied: ended({ status: 'FAILED', errorCode: 'CONSENT_REJECTED' }, true),
    unconfirmed: ended({ status: 'FAILED', errorCode: 'OTHER_BROWSER' }, true),
    failed: ended({ status: 'FAILED', errorCode: 'BANK_UNAVAILABLE' }, true),
    cancelled: ended({ status: 'CANCELLED' }),
    expired: ended({ status: 'EXPIRED' }),
    finished: { ...ended({ kind: 'MANAGEMENT', status: 'COMPLETED' }), back: null },
  },
};

export function frameIn(words: Words): PageFrame {
  const other = { id: 'bank_2', name: 'Berliner Sparkasse', bic: null, country: 'DE' };
  return {
    words,
    here: '/sessions/secret',
    choice: { banks: [bank, other], search: '', isCut: true },
    bankTargets: ['https:'],
    isFramed: false,
    handover: null,
  };
}

/** Pages that belong to no session. */
function listBrowserPages(words: Words): { name: string; page: Page }[] {
  const back = { code: '042137', clientName: visit.clientName, state: 'state' };
  const returnLink = 'https://client.example/banking?returnToken=token';
  return [
    { name: 'other-browser', page: otherBrowserPage(words) },
    { name: 'no-cookie', page: noCookiePage(words, '/sessions/secret') },
    { name: 'return-code', page: returnCodePage({ ...back, returnLink: null }, words) },
    { name: 'return-code-with-app', page: returnCodePage({ ...back, returnLink }, words) },
    { name: 'stopped', page: stoppedPage(words) },
  ];
}

/** All pages by name, in the words of a language. */
export function listPages(words: Words): { name: string; page: Page }[] {
  const noBanks = { ...frameIn(words), choice: { banks: [], search: 'Banca', isCut: false } };
  return [
    ...Object.entries(views).flatMap(([name, shapes]) =>
      Object.entries(shapes).map(([shape, view]) => ({ name: `${name}-${shape}`, page: toPage(view, frameIn(words)) })),
    ),
    ...listBrowserPages(words),
    ...Object.values(views['choose-bank']).map((view) => ({ name: 'choose-bank-none', page: toPage(view, noBanks) })),
  ];
}
