import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../domain/clock.ts';
import { Conflict, type FieldFault, InvalidInput, NotFound } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { Page } from '../domain/page.ts';
import type { User, UserType } from '../generated/prisma/client.ts';
import type { UserStore } from './user-store.ts';

/** The clients' end users. Every function answers for the given client alone. */
export interface Users {
  find(clientId: string, id: string): Promise<User | null>;
  /** By the client's own id, which is kept without blanks at its ends. */
  findByExternalId(clientId: string, externalId: string): Promise<User | null>;
  /** In no order; what is not the client's is left out. */
  listByIds(clientId: string, ids: readonly string[]): Promise<User[]>;
  /** Oldest first. */
  list(clientId: string, filter: { recurring: boolean | null }, page: Page): Promise<User[]>;
  /** What createUser would refuse, under `path`. */
  findFaults(input: NewUser, path: string): FieldFault[];
  /** Throws Conflict EXTERNAL_ID_TAKEN, or IDEMPOTENCY_KEY_REUSED for the same key with different input. */
  createUser(clientId: string, input: NewUser): Promise<User>;
  /** A field left out stays as it is. One that becomes recurring goes to the end of the order of enrolment. */
  updateUser(clientId: string, id: string, change: UserChange): Promise<User>;
}

export interface NewUser {
  externalId: string | null;
  type: UserType;
  recurring: boolean;
  idempotencyKey: string | null;
}

export interface UserChange {
  recurring?: boolean;
  externalId?: string | null;
}

const text = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(200, 'must have 200 characters at most')
  // PostgreSQL has no place for it.
  .refine((given) => !given.includes('\0'), 'must not contain a NUL character')
  .nullable();
const newUser = z.object({ externalId: text, idempotencyKey: text });

export function createUsers({ clock, store }: { clock: Clock; store: UserStore }): Users {
  async function repeat(clientId: string, input: NewUser, idempotencyHash: string): Promise<User | null> {
    if (input.idempotencyKey === null) return null;
    const first = await store.findByIdempotencyKey(clientId, input.idempotencyKey);
    if (!first || first.idempotencyHash === idempotencyHash) return first;
    throw new Conflict('IDEMPOTENCY_KEY_REUSED', 'This idempotencyKey was used before with different input.');
  }

  return {
    find: (clientId, id) => store.find(clientId, id),
    findByExternalId: (clientId, externalId) => store.findByExternalId(clientId, externalId.trim()),
    listByIds: (clientId, ids) => store.listByIds(clientId, ids),
    list: (clientId, filter, page) => store.list(clientId, filter, page),
    findFaults: (input, path) => findFaults(newUser, input, path),
    async createUser(clientId, given) {
      const input = { ...given, ...parseInput(newUser, given) };
      const { idempotencyKey: _key, ...meaning } = input;
      const idempotencyHash = createHash('sha256').update(JSON.stringify(meaning)).digest('hex');
      const repeated = await repeat(clientId, input, idempotencyHash);
      if (repeated) return repeated;
      const now = clock.now();
      const created = await store.create({
        id: newId('user', now),
        clientId,
        ...input,
        idempotencyHash: input.idempotencyKey === null ? null : idempotencyHash,
        enrolledAt: input.recurring ? now : null,
        createdAt: now,
      });
      if (created !== 'taken') return created;
      // Either the externalId is another user's, or the same call was made twice at once.
      const twin = await repeat(clientId, input, idempotencyHash);
      if (twin) return twin;
      throw externalIdTaken();
    },
    async updateUser(clientId, id, change) {
      const user = await store.find(clientId, id);
      if (!user) throw new NotFound('user', id);
      const { externalId } = parseInput(newUser.pick({ externalId: true }), { externalId: change.externalId ?? null });
      const becomes = change.recurring !== undefined && change.recurring !== user.recurring ? change.recurring : null;
      const updated = await store.update(clientId, id, {
        ...(change.externalId === undefined ? {} : { externalId }),
        ...(becomes === null ? {} : { recurring: becomes, enrolledAt: becomes ? clock.now() : null }),
      });
      if (updated === 'taken') throw externalIdTaken();
      if (!updated) throw new NotFound('user', id);
      return updated;
    },
  };
}

function externalIdTaken(): Conflict {
  return new Conflict('EXTERNAL_ID_TAKEN', 'Another user has this externalId.');
}

function parseInput<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InvalidInput(findFaults(schema, value, 'input'));
}

function findFaults(schema: z.ZodType, value: unknown, path: string): FieldFault[] {
  const { error } = schema.safeParse(value);
  return (error?.issues ?? []).map((issue) => ({ path: [path, ...issue.path].join('.'), message: issue.message }));
}
