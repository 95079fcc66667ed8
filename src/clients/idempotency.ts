import { createHash } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import { Conflict, InvalidInput } from '../domain/errors.ts';
import { type CallRecord, callScopes } from '../storage/call-scope.ts';
import type { Database } from '../storage/database.ts';
import type { EncryptedPlace, Encryption } from '../storage/encryption.ts';
import { claimSql, createIdempotencyStore, type IdempotencyRecord } from './idempotency-store.ts';

/** A call that makes something. */
export interface KeyedCall {
  clientId: string;
  mutation: string;
  /** Null: a repetition makes another one. */
  idempotencyKey: string | null;
  /** Where the key stands in the arguments. */
  path: string;
  /** Everything else that the call was given. */
  input: unknown;
}

/** What the first call made. */
export interface FirstResult {
  subjectId: string;
  /** What it showed once. */
  secret: string | null;
}

/** Mutations that make something once, however often they are sent. */
export interface Idempotency {
  /**
   * Does the work, or, where a call of the client with this mutation and key has done it in the last 24 hours, answers with `again`. The
   * key is written in the transaction of the work, so that of two at once one does it. `again` gives null where what was made is gone.
   * Throws Conflict IDEMPOTENCY_KEY_REUSED for other input, IDEMPOTENCY_RESULT_GONE, and InvalidInput for a key of no use.
   */
  once<T>(call: KeyedCall, work: () => Promise<T>, again: (first: FirstResult) => Promise<T | null>): Promise<T>;
  /** Forgets what is older than 24 hours, in small steps. */
  forget(): AsyncGenerator<number>;
}

export interface IdempotencyDeps {
  clock: Clock;
  database: Database;
  encryption: Encryption;
}

const rememberedMs = 24 * 3_600_000;
const longestKey = 200;
const stepLimit = 1_000;

export function createIdempotency({ clock, database, encryption }: IdempotencyDeps): Idempotency {
  const store = createIdempotencyStore(database);
  const oldest = (): Date => new Date(clock.now().getTime() - rememberedMs);

  function toRecord(id: string, inputHash: string): CallRecord {
    return {
      write: async (query, result, { secret }) => {
        const record: IdempotencyRecord = {
          id,
          inputHash,
          subjectId: idOf(result),
          secret: secret === null ? null : encryption.encrypt(secret, secretOf(id)),
          createdAt: clock.now(),
        };
        if ((await query(claimSql(record, oldest()))).length === 0) throw new Error('the idempotency key is taken');
      },
      forStep: () => null,
    };
  }

  async function repeat<T>(
    first: IdempotencyRecord,
    inputHash: string,
    again: (first: FirstResult) => Promise<T | null>,
  ) {
    if (first.inputHash !== inputHash) {
      throw new Conflict('IDEMPOTENCY_KEY_REUSED', 'This idempotencyKey was used before with different input.');
    }
    const { id, subjectId, secret } = first;
    const result = await again({
      subjectId,
      secret: secret === null ? null : encryption.decrypt(secret, secretOf(id)),
    });
    if (result !== null) return result;
    throw new Conflict(
      'IDEMPOTENCY_RESULT_GONE',
      `${subjectId}, which this idempotencyKey made, is gone: use another.`,
    );
  }

  return {
    async once({ clientId, mutation, idempotencyKey, path, input }, work, again) {
      if (idempotencyKey === null) return await work();
      if (idempotencyKey === '' || idempotencyKey.length > longestKey) {
        throw new InvalidInput([{ path, message: `must have 1 to ${longestKey} characters` }]);
      }
      const id = sha256([clientId, mutation, idempotencyKey]);
      const inputHash = sha256(input);
      const first = await store.find(id, oldest());
      if (first) return await repeat(first, inputHash, again);
      callScopes.add(toRecord(id, inputHash));
      try {
        return await work();
      } catch (error) {
        // The same call, sent twice at the same moment: the other one was first.
        const twin = await store.find(id, oldest());
        if (twin) return await repeat(twin, inputHash, again);
        throw error;
      }
    },
    async *forget() {
      for (let count = stepLimit; count === stepLimit; ) {
        count = await store.removeBefore(oldest(), stepLimit);
        yield count;
      }
    },
  };
}

function secretOf(id: string): EncryptedPlace {
  return { column: 'idempotency_records.secret', rowId: id };
}

/** Of what a transaction made: an id, a row, or a row in an object. */
function idOf(made: unknown): string {
  if (typeof made === 'string') return made;
  const row = [made, ...Object.values(made ?? {})].find((value) => typeof value?.id === 'string');
  if (!row) throw new Error('What a call with an idempotency key makes must have an id.');
  return row.id;
}

function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
