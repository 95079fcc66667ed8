import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { z } from 'zod';

const consent = z.object({
  id: z.string(),
  variant: z.enum(['redirect', 'decoupled', 'embedded']),
  status: z.enum([
    'received',
    'rejected',
    'valid',
    'revokedByPsu',
    'expired',
    'terminatedByTpp',
    'partiallyAuthorised',
  ]),
  tpp: z.string(),
  recurring: z.boolean(),
  validUntil: z.string(),
  frequencyPerDay: z.number(),
  redirectUri: z.string().nullable(),
  nokRedirectUri: z.string().nullable(),
  /** Known once the end user has logged in. */
  psuId: z.string().nullable(),
  authorisationId: z.string().nullable(),
  scaStatus: z.string(),
  /** Unguessable part of the bank's own page. */
  link: z.string().nullable(),
  wrongOtpCount: z.number(),
  createdAt: z.number(),
  /** Milliseconds; null before the SCA. */
  authorisedAt: z.number().nullable(),
  lastActionAt: z.number(),
  /** Accounts whose transactions have been read to the last page. */
  readAccounts: z.array(z.number()),
});
export type ConsentState = z.infer<typeof consent>;

const line = z.union([
  z.object({ consent }),
  z.object({ reading: z.object({ account: z.string(), day: z.string() }) }),
  z.object({ access: z.object({ key: z.string(), at: z.number() }) }),
]);
type Line = z.infer<typeof line>;

/** What the bank remembers, over restarts and kills: an appended journal, read at start. */
export interface BankState {
  findConsent(id: string): ConsentState | null;
  findConsentByLink(link: string): ConsentState | null;
  /** The newest that waits for this end user's approval in the bank's app. */
  findWaiting(psuId: string): ConsentState | null;
  saveConsent(consent: ConsentState): void;
  /** The days on which the account's transactions were read, oldest first. */
  readings(account: string): readonly string[];
  addReading(account: string, day: string): void;
  /** Unattended accesses of the last 24 hours, in milliseconds. */
  accesses(key: string, nowMs: number): number;
  addAccess(key: string, nowMs: number): void;
  close(): void;
}

const dayMs = 86_400_000;

/** Null: in memory only. */
export function openBankState(file: string | null, nowMs: number): BankState {
  const consents = new Map<string, ConsentState>();
  const byLink = new Map<string, string>();
  const readings = new Map<string, string[]>();
  const accesses = new Map<string, number[]>();

  function apply(entry: Line): void {
    if ('consent' in entry) {
      consents.set(entry.consent.id, entry.consent);
      if (entry.consent.link) byLink.set(entry.consent.link, entry.consent.id);
    } else if ('reading' in entry) {
      const { account, day } = entry.reading;
      const days = readings.get(account);
      if (days) days.push(day);
      else readings.set(account, [day]);
    } else {
      const { key, at } = entry.access;
      const times = accesses.get(key);
      if (times) times.push(at);
      else accesses.set(key, [at]);
    }
  }

  if (file) for (const entry of readJournal(file)) apply(entry);
  if (file) compact(file, snapshot());
  const handle = file ? openSync(file, 'a') : null;
  let isClosed = false;

  function* snapshot(): Generator<Line> {
    for (const kept of consents.values()) yield { consent: kept };
    for (const [account, days] of readings) for (const day of days) yield { reading: { account, day } };
    const since = nowMs - dayMs;
    for (const [key, times] of accesses) for (const at of times) if (at > since) yield { access: { key, at } };
  }

  function append(entry: Line): void {
    if (isClosed) throw new Error('The sandbox bank is closed.');
    apply(entry);
    // Written before the reply: what the bank has said survives the process.
    if (handle !== null) writeSync(handle, `${JSON.stringify(entry)}\n`);
  }

  function recent(key: string, nowMs: number): number[] {
    const times = (accesses.get(key) ?? []).filter((at) => at > nowMs - dayMs);
    accesses.set(key, times);
    return times;
  }

  return {
    findConsent: (id) => consents.get(id) ?? null,
    findConsentByLink: (link) => consents.get(byLink.get(link) ?? '') ?? null,
    findWaiting: (psuId) =>
      [...consents.values()].findLast(
        (kept) => kept.variant === 'decoupled' && kept.psuId === psuId && kept.status === 'received',
      ) ?? null,
    saveConsent: (kept) => append({ consent: kept }),
    readings: (account) => readings.get(account) ?? [],
    addReading: (account, day) => append({ reading: { account, day } }),
    accesses: (key, nowMs) => recent(key, nowMs).length,
    addAccess: (key, at) => append({ access: { key, at } }),
    close: () => {
      if (isClosed) return;
      isClosed = true;
      if (handle !== null) closeSync(handle);
    },
  };
}

function readJournal(file: string): Line[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((text) => {
      try {
        return [line.parse(JSON.parse(text))];
      } catch {
        // The last line of a process that was killed while it wrote.
        return [];
      }
    });
}

function compact(file: string, lines: Iterable<Line>): void {
  const draft = `${file}.new`;
  writeFileSync(draft, [...lines].map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  renameSync(draft, file);
}
