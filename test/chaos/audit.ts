import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import type { LoggedAccess } from './bank-process.ts';
import type { VerifiedReceiver } from './verified-receiver.ts';

export interface AuditSources {
  databaseUrl: string;
  /** What the bank's door has written down. */
  accessLogFile: string;
  receivers: readonly VerifiedReceiver[];
  /** Eligible from before the first cycle to the end. */
  loginIds: readonly string[];
  /** Slots that began from this moment on are to have been opened. */
  since: Date;
  /** By the processes' clock: who waits for a later moment within the last cycle's window is not left out. */
  now: Date;
  /** For so long, by the bank's clock, a process may have slept between counting an access and making it. */
  longestSleepMs: number;
}

/** What is to be found when all is quiet. Every violation is named. */
export interface Findings {
  cyclesOpened: number;
  slotsMissed: number;
  usersEligible: number;
  usersSynchronized: number;
  usersSkipped: Record<string, number>;
  usersFailed: Record<string, number>;
  usersWaiting: number;
  duplicates: number;
  omissions: number;
  events: number;
  eventsWithoutDelivery: number;
  deliveriesReceived: number;
  deliveriesUnverified: number;
  sessionsUnfinished: number;
  bankAccesses: number;
  accessesAboveBudget: number;
  violations: string[];
}

const dayMs = 86_400_000;
const slotMs = dayMs / 2;
const accessesPerDay = 4;

/** Looks at the database, at the bank's own log and at what receivers got: at nothing that the product says of itself. */
export async function audit(sources: AuditSources): Promise<Findings> {
  const database = new Client({ connectionString: sources.databaseUrl });
  await database.connect();
  try {
    const violations: string[] = [];
    const cycles = await auditCycles(database, sources, violations);
    const events = await auditEvents(database, sources, violations);
    const accesses = await auditAccesses(sources, violations);
    const { rows: open } = await database.query(`SELECT id FROM sessions WHERE status = 'RUNNING'`);
    for (const { id } of open) violations.push(`The session ${id} never ended.`);
    return { ...cycles, ...events, ...accesses, sessionsUnfinished: open.length, violations };
  } finally {
    await database.end();
  }
}

interface WrongRow {
  cycle_id: string;
  id: string;
  user_id: string;
  status: string | null;
  n: string;
}

interface CycleRow {
  id: string;
  opens_at: Date;
  started_at: Date;
  finished_at: Date | null;
}

async function auditCycles(database: Client, { loginIds, since, now }: AuditSources, violations: string[]) {
  const { rows: cycles } = await database.query<CycleRow>(
    'SELECT id, opens_at, started_at, finished_at FROM synchronization_cycles WHERE opens_at >= $1 ORDER BY opens_at',
    [since],
  );
  const { rows: waiting } = await database.query<{ cycle_id: string; user_id: string }>(
    `SELECT e.cycle_id, e.user_id FROM cycle_entries e JOIN synchronization_cycles c ON c.id = e.cycle_id
     WHERE e.status = 'RETRY' AND e.not_before > $1 AND e.not_before < c.closes_at AND e.reason IN ('ACCESS_LIMIT', 'BANK_UNAVAILABLE')`,
    [now],
  );
  const isWaitedFor = (id: string) => waiting.some(({ cycle_id }) => cycle_id === id);
  const waits = (id: string, userId: string) =>
    waiting.some(({ cycle_id, user_id }) => cycle_id === id && user_id === userId);
  let slotsMissed = 0;
  for (const [i, cycle] of cycles.entries()) {
    const before = cycles[i - 1];
    const isEnded = cycle.finished_at || (i === cycles.length - 1 && isWaitedFor(cycle.id));
    if (!isEnded) violations.push(`The cycle ${cycle.id} has not ended.`);
    if (before && (before.finished_at === null || before.finished_at > cycle.started_at)) {
      violations.push(`The cycles ${before.id} and ${cycle.id} overlap.`);
    }
    const missed = before ? Math.round((cycle.opens_at.getTime() - before.opens_at.getTime()) / slotMs) - 1 : 0;
    if (missed > 0) violations.push(`${missed} slots before ${cycle.opens_at.toISOString()} were never opened.`);
    slotsMissed += missed;
  }
  const { rows: entries } = await database.query<{ status: string; reason: string | null; n: string }>(
    'SELECT e.status::text, e.reason, count(*) AS n FROM cycle_entries e WHERE cycle_id = ANY($1) GROUP BY 1, 2',
    [cycles.map(({ id }) => id)],
  );
  const count = (status: string) => entries.filter((e) => e.status === status).reduce((sum, e) => sum + Number(e.n), 0);
  const byReason = (status: string) =>
    Object.fromEntries(entries.filter((e) => e.status === status).map((e) => [e.reason ?? '', Number(e.n)]));
  // A login that was eligible all the time has an end in every cycle; and an event for exactly those that say so.
  const { rows: wrong } = await database.query<WrongRow>(
    `SELECT c.id AS cycle_id, l.id, l.user_id, e.status::text, (SELECT count(*) FROM events v WHERE v.cycle_id = c.id
       AND v.bank_login_id = l.id AND v.type = 'BANK_LOGIN_SYNCHRONIZED') AS n
     FROM synchronization_cycles c CROSS JOIN bank_logins l
     LEFT JOIN cycle_entries e ON e.cycle_id = c.id AND e.user_id = l.user_id
     WHERE c.id = ANY($1) AND l.id = ANY($2)`,
    [cycles.map(({ id }) => id), loginIds],
  );
  let [duplicates, omissions] = [0, 0];
  for (const { cycle_id, id, user_id, status, n } of wrong) {
    const isFinal = ['SYNCHRONIZED', 'FAILED', 'SKIPPED'].includes(status ?? '') || waits(cycle_id, user_id);
    const missing = !isFinal || (status === 'SYNCHRONIZED' && n === '0');
    const surplus = Math.max(Number(n) - (status === 'SYNCHRONIZED' ? 1 : 0), 0);
    if (missing) violations.push(`${id} was left out of ${cycle_id}: its entry is ${status}, with ${n} events.`);
    if (surplus > 0) violations.push(`${id} has ${n} events in ${cycle_id}, where its entry is ${status}.`);
    omissions += missing ? 1 : 0;
    duplicates += surplus;
  }
  return {
    cyclesOpened: cycles.length,
    usersWaiting: waiting.length,
    slotsMissed,
    usersEligible: entries.reduce((sum, entry) => sum + Number(entry.n), 0),
    usersSynchronized: count('SYNCHRONIZED'),
    usersSkipped: byReason('SKIPPED'),
    usersFailed: byReason('FAILED'),
    duplicates,
    omissions,
  };
}

async function auditEvents(database: Client, { receivers }: AuditSources, violations: string[]) {
  const { rows: events } = await database.query<{ id: string; position: string; bank_login_id: string; type: string }>(
    'SELECT id, position, bank_login_id, type::text FROM events ORDER BY client_id, position',
  );
  for (const [i, { position }] of events.entries()) {
    if (Number(position) !== i + 1) {
      violations.push(`The event at place ${i + 1} has the position ${position}.`);
      break;
    }
  }
  const { rows: gaps } = await database.query<{ id: string; n: string; sequence: number }>(
    `SELECT l.id, l.sequence, count(v.id) AS n FROM bank_logins l
     LEFT JOIN events v ON v.bank_login_id = l.id AND v.type = 'BANK_LOGIN_SYNCHRONIZED'
     GROUP BY l.id HAVING count(v.id) <> l.sequence OR count(DISTINCT v.data->>'sequence') <> l.sequence`,
  );
  for (const { id, n, sequence } of gaps) violations.push(`${id} is at sequence ${sequence}, and has ${n} events.`);
  let eventsWithoutDelivery = 0;
  const known = new Set(events.map(({ id }) => id));
  for (const { name, accepted, counts } of receivers) {
    const missing = events.filter(({ id }) => !accepted.has(id));
    for (const { id, type } of missing) violations.push(`The receiver ${name} never got ${type} ${id}.`);
    eventsWithoutDelivery += missing.length;
    const unknown = [...accepted.keys()].filter((id) => !known.has(id));
    for (const id of unknown) violations.push(`The receiver ${name} got ${id}, which there is not.`);
    if (counts.unverified > 0) violations.push(`The receiver ${name} got ${counts.unverified} wrong signatures.`);
  }
  const sum = (of: (receiver: VerifiedReceiver) => number) => receivers.reduce((n, receiver) => n + of(receiver), 0);
  return {
    events: events.length,
    eventsWithoutDelivery,
    deliveriesReceived: sum(({ accepted }) => [...accepted.values()].reduce((a, b) => a + b, 0)),
    deliveriesUnverified: sum(({ counts }) => counts.unverified),
  };
}

async function auditAccesses({ accessLogFile, longestSleepMs }: AuditSources, violations: string[]) {
  const text = await readFile(accessLogFile, 'utf8').catch(() => '');
  const log = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LoggedAccess]));
  const byKey = new Map<string, number[]>();
  for (const { consentId, path, atMs, attended } of log) {
    if (attended) continue;
    const key = `${consentId} ${path}`;
    byKey.set(key, [...(byKey.get(key) ?? []), atMs]);
  }
  // Counted before the call: a process that slept in between comes later than it was counted for.
  const windowMs = dayMs - longestSleepMs;
  let accessesAboveBudget = 0;
  for (const [key, times] of byKey) {
    times.sort((a, b) => a - b);
    const above = times.filter((at, i) => {
      const fifth = times[i - accessesPerDay];
      return fifth !== undefined && fifth > at - windowMs;
    }).length;
    if (above > 0) violations.push(`${above} accesses above the budget: ${key}.`);
    accessesAboveBudget += above;
  }
  return { bankAccesses: log.length, accessesAboveBudget };
}
