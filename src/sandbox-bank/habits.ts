/** In what one of the bank's variants departs from the plain protocol. */
export interface Habits {
  /** The first segment of its addresses; empty for the plain banks, whose consents are told apart by approach. */
  name: string;
  approach: 'redirect' | 'decoupled' | 'embedded';
  /** Which way of starting the authorisation it has; `usual`: that of the plain bank. */
  start: 'usual' | 'implicit' | 'explicit';
  /** The only consent model that it takes; null: all accounts, or those named at the bank. */
  model: 'global' | 'bank-offered' | 'by-iban' | null;
  /** PSU-ID has to come with the consent. */
  wantsPsuId: boolean;
  oauth: 'sca' | 'before-consent' | 'instead' | null;
  /** `X-API-Key` has to come with every call. */
  wantsApiKey: boolean;
  /** After its page a code has to be confirmed by the TPP. */
  wantsConfirmation: boolean;
  /** Of a consent only the status can be read. */
  hidesConsent: boolean;
}

export const apiKey = 'sandbox-api-key';

const plain: Habits = {
  name: '',
  approach: 'redirect',
  start: 'usual',
  model: null,
  wantsPsuId: false,
  oauth: null,
  wantsApiKey: false,
  wantsConfirmation: false,
  hidesConsent: false,
};

const named: Readonly<Record<string, Partial<Habits>>> = {
  redirect: {},
  decoupled: { approach: 'decoupled' },
  embedded: { approach: 'embedded' },
  oauth: { name: 'oauth', oauth: 'sca' },
  'decoupled-strict': { name: 'decoupled-strict', approach: 'decoupled', start: 'implicit', wantsPsuId: true },
  'by-iban': { name: 'by-iban', model: 'by-iban' },
  demanding: {
    name: 'demanding',
    model: 'bank-offered',
    start: 'explicit',
    wantsPsuId: true,
    wantsApiKey: true,
    wantsConfirmation: true,
    hidesConsent: true,
  },
};

const words: Readonly<Record<string, Partial<Habits>>> = {
  redirect: { approach: 'redirect' },
  decoupled: { approach: 'decoupled' },
  embedded: { approach: 'embedded' },
  implicit: { start: 'implicit' },
  explicit: { start: 'explicit' },
  global: { model: 'global' },
  'bank-offered': { model: 'bank-offered' },
  'by-iban': { model: 'by-iban' },
  'psu-id': { wantsPsuId: true },
  'oauth-sca': { oauth: 'sca' },
  'oauth-before': { oauth: 'before-consent' },
  'oauth-instead': { oauth: 'instead' },
  'api-key': { wantsApiKey: true },
  confirmation: { wantsConfirmation: true },
  'status-only': { hidesConsent: true },
};

/**
 * The variant that a path begins with: one by name, or any made to measure, as `with.decoupled.explicit.by-iban`. Null where the path
 * begins with none: that is the plain bank.
 */
export function findHabits(segment: string | undefined): Habits | null {
  if (segment === undefined) return null;
  if (Object.hasOwn(named, segment)) return { ...plain, ...named[segment] };
  const [first, ...given] = segment.split('.');
  if (first !== 'with' || !given.every((word) => Object.hasOwn(words, word))) return null;
  return Object.assign({ ...plain, name: segment }, ...given.map((word) => words[word]));
}

export const plainHabits: Readonly<Habits> = plain;
