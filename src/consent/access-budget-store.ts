import type { SynchronizationTrigger } from '../generated/prisma/enums.ts';
import { type Database, Prisma } from '../storage/database.ts';

/** RTS Art. 36(5)(b): without the end user, four times in 24 hours, unless the consent says less. */
const lawfulAccessesPerDay = 4;
/** What requests leave to the two cycles of a day. */
const keptForCycles = 2;
const dayMs = 86_400_000;
const keptDays = 7;

export type AccessEndpoint = 'ACCOUNTS' | 'BALANCES' | 'TRANSACTIONS';

export interface PlannedAccess {
  /** The bank's id of the account; empty for the list of accounts. */
  resourceId: string;
  endpoint: AccessEndpoint;
}

export interface AccessReservation {
  consentId: string;
  bankLoginId: string;
  frequencyPerDay: number;
  trigger: SynchronizationTrigger;
  /** The end user asked for it just now: such accesses are noted, but not limited. */
  attended: boolean;
  accesses: readonly PlannedAccess[];
  now: Date;
}

/** What is to be written in the same statement, whatever the outcome: CTEs, `attempted_login` among them, which updates the login. */
export interface Alongside {
  ctes(rowVersion: string | null): Prisma.Sql;
  /**
   * Of the login's row as it was read, which every reservation changes: null where it was not read. While it is the same nobody
   * else can have reserved; with it, the CTEs write only then.
   */
  rowVersion: string | null;
}

/** `refused`: not a single access was reserved; nothing may be asked of the bank before `retryAt`. */
export type Reserved = { outcome: 'granted' } | { outcome: 'refused'; retryAt: Date };

/** The ledger of accesses: counted before the call, per consent, account and endpoint, in any 24 hours (invariant 9). */
export interface AccessBudget {
  /** All or none. */
  reserve(reservation: AccessReservation, alongside?: Alongside): Promise<Reserved>;
  /** The same, where `attempted_login` among these CTEs finds the login as it was read; else null, and nothing is reserved. */
  reserveUnchanged(reservation: AccessReservation, ctes: Prisma.Sql): Promise<Reserved | null>;
  /** The bank said 429: no unattended access before `until`. */
  close(consentId: string, until: Date): Promise<void>;
  /** How many synchronizations without the end user the coming hours still allow, by login. */
  listLeft(bankLoginIds: readonly string[], now: Date): Promise<Map<string, AccessesLeft>>;
  /** Forgets accesses that have not counted for days. */
  forget(now: Date): Promise<void>;
}

export interface AccessesLeft extends Allowance {
  /** Of these, what requests of the API client may take: the rest is kept for the cycles. */
  forRequests: Allowance;
}

export interface Allowance {
  left: number;
  /** When the next becomes free; null while there are any. */
  retryAt: Date | null;
}

/** The most that is ever allowed without the end user, per account and endpoint, in 24 hours. */
export function unattendedLimit(frequencyPerDay: number): number {
  return Math.min(frequencyPerDay, lawfulAccessesPerDay);
}

export function createAccessBudget(database: Database): AccessBudget {
  return {
    reserve: (reservation, alongside) => reserve(database, reservation, alongside),
    reserveUnchanged: (reservation, ctes) => reserveUnchanged(database, reservation, ctes),
    close: async (consentId, until) => {
      await database.query(Prisma.sql`
        UPDATE consents SET access_closed_until = greatest(access_closed_until, ${until}) WHERE id = ${consentId}`);
    },
    listLeft: (bankLoginIds, now) => listLeft(database, bankLoginIds, now),
    forget: async (now) => {
      await database.query(Prisma.sql`
        DELETE FROM bank_accesses WHERE accessed_at < ${new Date(now.getTime() - keptDays * dayMs)}`);
    },
  };
}

interface ReservationRow {
  /** False: the login has changed since it was read, and nothing was written. */
  unchanged: boolean;
  granted: bigint[] | null;
  retryAt: Date | null;
}

async function reserve(database: Database, reservation: AccessReservation, alongside?: Alongside): Promise<Reserved> {
  if (alongside?.rowVersion) {
    const reserved = await reserveUnchanged(database, reservation, alongside.ctes(alongside.rowVersion));
    if (reserved) return reserved;
  }
  const row = await tryReserving(database, reservation, alongside?.ctes(null) ?? touchSql(reservation));
  const reserved = toReserved(row, reservation);
  if (reserved.outcome === 'refused' || reservation.attended || !row.granted) return reserved;
  // Others may have reserved in the same moment, however many, unseen by this statement.
  return await confirm(database, reservation, row.granted);
}

async function reserveUnchanged(
  database: Database,
  reservation: AccessReservation,
  ctes: Prisma.Sql,
): Promise<Reserved | null> {
  const row = await tryReserving(database, reservation, ctes, Prisma.sql`AND EXISTS (SELECT FROM attempted_login)`);
  return row.unchanged ? toReserved(row, reservation) : null;
}

// Whoever has read the login before is to notice.
function touchSql({ bankLoginId }: AccessReservation): Prisma.Sql {
  return Prisma.sql`attempted_login AS (
    UPDATE bank_logins SET last_attempt_id = last_attempt_id WHERE id = ${bankLoginId} RETURNING id)`;
}

async function tryReserving(
  database: Database,
  reservation: AccessReservation,
  alongside: Prisma.Sql,
  condition = Prisma.empty,
): Promise<ReservationRow> {
  const { consentId, bankLoginId, trigger, attended, accesses, now } = reservation;
  const limit = unattendedLimit(reservation.frequencyPerDay);
  const ofRequests = Math.max(limit - keptForCycles, 0);
  const since = new Date(now.getTime() - dayMs);
  // As JSON: for an array, whose length it sees, PostgreSQL would plan this anew every time, which costs more than running it; so it
  // would where it expects a thousand rows of each, as of generate_series().
  const [row] = await database.query<ReservationRow>(Prisma.sql`
    WITH given AS (
      SELECT "resourceId" AS resource_id, endpoint
      FROM json_to_recordset(${JSON.stringify(accesses)}::json) AS given ("resourceId" text, endpoint text)),
    wanted AS (SELECT resource_id, endpoint, count(*)::int AS times FROM given GROUP BY resource_id, endpoint),
    used AS (
      SELECT w.resource_id, w.endpoint, w.times + count(a.id)::int AS total, min(a.accessed_at) AS oldest,
        w.times + count(a.id) FILTER (WHERE a.trigger <> 'SCHEDULER')::int AS requested,
        min(a.accessed_at) FILTER (WHERE a.trigger <> 'SCHEDULER') AS oldest_requested
      FROM wanted w LEFT JOIN bank_accesses a ON a.consent_id = ${consentId} AND a.resource_id = w.resource_id
        AND a.endpoint::text = w.endpoint AND NOT a.attended AND a.accessed_at > ${since}
      GROUP BY w.resource_id, w.endpoint, w.times),
    refused AS (
      SELECT coalesce(oldest, ${now}) + interval '24 hours' AS retry_at FROM used WHERE total > ${limit}::int
      UNION ALL
      SELECT coalesce(oldest_requested, ${now}) + interval '24 hours' FROM used
        WHERE ${trigger} <> 'SCHEDULER' AND requested > ${ofRequests}::int
      UNION ALL
      SELECT access_closed_until FROM consents WHERE id = ${consentId} AND access_closed_until > ${now}),
    ${alongside},
    granted AS (
      INSERT INTO bank_accesses (consent_id, bank_login_id, resource_id, endpoint, attended, trigger, accessed_at)
      SELECT ${consentId}, ${bankLoginId}, resource_id, endpoint::"BankAccessEndpoint", ${attended}::boolean,
        ${trigger}::"SynchronizationTrigger", ${now}
      FROM given WHERE (${attended}::boolean OR NOT EXISTS (SELECT FROM refused)) ${condition}
      RETURNING id)
    SELECT EXISTS (SELECT FROM attempted_login) AS unchanged, (SELECT array_agg(id) FROM granted) AS granted,
      (SELECT max(retry_at) FROM refused) AS "retryAt"`);
  return row ?? { unchanged: false, granted: null, retryAt: null };
}

function toReserved({ granted, retryAt }: ReservationRow, { accesses, now }: AccessReservation): Reserved {
  if (granted || accesses.length === 0) return { outcome: 'granted' };
  return { outcome: 'refused', retryAt: retryAt ?? new Date(now.getTime() + dayMs) };
}

async function confirm(database: Database, reservation: AccessReservation, ids: readonly bigint[]): Promise<Reserved> {
  const { consentId, accesses, trigger, now } = reservation;
  const limit = unattendedLimit(reservation.frequencyPerDay);
  const since = new Date(now.getTime() - dayMs);
  const [row] = await database.query<{ exceeded: boolean }>(Prisma.sql`
    SELECT EXISTS (
      SELECT FROM bank_accesses a
      WHERE a.consent_id = ${consentId} AND NOT a.attended AND a.accessed_at > ${since}
        AND a.resource_id = ANY(${accesses.map((access) => access.resourceId)}::text[])
      GROUP BY a.resource_id, a.endpoint
      HAVING count(*) > ${limit}::int OR (${trigger} <> 'SCHEDULER'
        AND count(*) FILTER (WHERE a.trigger <> 'SCHEDULER') > ${Math.max(limit - keptForCycles, 0)}::int)) AS exceeded`);
  if (!row?.exceeded) return { outcome: 'granted' };
  await database.query(Prisma.sql`DELETE FROM bank_accesses WHERE id = ANY(${ids.map(String)}::bigint[])`);
  // The others may have drawn back as well: whoever asks again is told by the ledger as it is then.
  return { outcome: 'refused', retryAt: now };
}

interface LeftRow {
  bankLoginId: string;
  closedUntil: Date | null;
  limit: number;
  requestLimit: number;
  used: number;
  requested: number;
  /** Of what stands at its limit: the access that ends last among those that must end first. */
  freeAfter: Date | null;
  requestFreeAfter: Date | null;
}

async function listLeft(
  database: Database,
  bankLoginIds: readonly string[],
  now: Date,
): Promise<Map<string, AccessesLeft>> {
  const since = new Date(now.getTime() - dayMs);
  const rows = await database.query<LeftRow>(Prisma.sql`
    SELECT k.bank_login_id AS "bankLoginId", l.most AS limit, l.of_requests AS "requestLimit",
      CASE WHEN k.access_closed_until > ${now} THEN k.access_closed_until END AS "closedUntil",
      coalesce(max(u.total), 0)::int AS used, coalesce(max(u.requested), 0)::int AS requested,
      max(u.oldest) FILTER (WHERE u.total >= l.most) AS "freeAfter",
      max(u.oldest_requested) FILTER (WHERE u.requested >= l.of_requests) AS "requestFreeAfter"
    FROM consents k JOIN banks b ON b.id = k.bank_id
    CROSS JOIN LATERAL (
      SELECT m.most, greatest(m.most - ${keptForCycles}::int, 0) AS of_requests FROM (
        SELECT CASE WHEN k.recurring AND k.valid_until >= ${now.toISOString().slice(0, 10)}::date
            AND k.authorised_at + make_interval(hours => 24 * b.sca_validity_days) >= ${now}
          THEN least(k.frequency_per_day, ${lawfulAccessesPerDay}::int) ELSE 0 END AS most) m) l
    LEFT JOIN LATERAL (
      SELECT count(*)::int AS total, min(a.accessed_at) AS oldest,
        count(*) FILTER (WHERE a.trigger <> 'SCHEDULER')::int AS requested,
        min(a.accessed_at) FILTER (WHERE a.trigger <> 'SCHEDULER') AS oldest_requested
      FROM bank_accesses a
      WHERE a.consent_id = k.id AND NOT a.attended AND a.accessed_at > ${since} GROUP BY a.resource_id, a.endpoint) u ON true
    WHERE k.bank_login_id = ANY(${[...bankLoginIds]}::text[]) AND k.status = 'VALID'
    GROUP BY k.id, l.most, l.of_requests`);
  return new Map(rows.map((row) => [row.bankLoginId, toAccessesLeft(row, now)]));
}

function toAccessesLeft(row: LeftRow, now: Date): AccessesLeft {
  const { closedUntil, limit, used, requestLimit, requested } = row;
  const toAllowance = (count: number, waitFor: ReadonlyArray<Date | null>): Allowance => {
    if (!closedUntil && count > 0) return { left: count, retryAt: null };
    const free = waitFor.flatMap((access) => (access ? [access.getTime() + dayMs] : []));
    return { left: 0, retryAt: new Date(Math.max(closedUntil?.getTime() ?? 0, ...free) || now.getTime() + dayMs) };
  };
  return {
    ...toAllowance(limit - used, [row.freeAfter]),
    forRequests: toAllowance(Math.min(limit - used, requestLimit - requested), [row.freeAfter, row.requestFreeAfter]),
  };
}
