import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { newLink } from '../../src/consent/link-secret.ts';
import { createReturnCodeStore } from '../../src/consent/return-code-store.ts';
import { createSessionBindingStore } from '../../src/consent/session-binding-store.ts';
import { createSessionStore } from '../../src/consent/session-store.ts';
import { createWrongEntryStore } from '../../src/consent/wrong-entry-store.ts';
import { newId } from '../../src/domain/ids.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { createEncryption, singleKey } from '../../src/storage/encryption.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';

const postgresUrl = inject('postgresUrl');
const minute = 60_000;

/** Two processes, and sessions that wait for the end user's return from the bank. */
async function createWorld() {
  const databaseUrl = await createPostgresDatabase(postgresUrl ?? '');
  const first = await openDatabase({ databaseUrl, directory: null });
  const second = await openDatabase({ databaseUrl, directory: null });
  onTestFinished(async () => void (await Promise.all([first.close(), second.close()])));
  const now = fixedClock().now();
  const clientId = await insertClient(first, now);
  const { userId } = await insertEnrolledUser(first, { clientId, now });
  const encryption = createEncryption(singleKey(Buffer.alloc(32, 7)));
  const newSession = async () => {
    const id = newId('connectSession', now);
    const at = { stateHash: id, awaitedReturn: 'CALLBACK' as const };
    return await createSessionStore(first).create({
      id,
      kind: 'CONNECT',
      clientId,
      userId,
      ...at,
      ...newLink(encryption, id, now),
    });
  };
  return { processes: [first, second] as const, now, newSession };
}

// The embedded database is one session: only a server shows what happens at the same moment.
describe.skipIf(postgresUrl === null)('in two processes on a PostgreSQL server', () => {
  it('a session belongs to one of the browsers that open it at the same moment, and all are told the same', async () => {
    const { processes, newSession } = await createWorld();
    for (let round = 0; round < 20; round++) {
      const { id } = await newSession();
      const owners = await Promise.all(
        processes.flatMap((database, n) =>
          [1, 2].map((m) => createSessionBindingStore(database).bind(id, `${n}-${m}`)),
        ),
      );
      expect(new Set(owners).size).toBe(1);
    }
  });

  it('a return in the browser that began does not undo the code that a return elsewhere demands', async () => {
    const { processes, now, newSession } = await createWorld();
    const [binding, codes] = [createSessionBindingStore(processes[0]), createReturnCodeStore(processes[1])];
    const expiresAt = new Date(now.getTime() + 5 * minute);
    for (let round = 0; round < 20; round++) {
      const { id } = await newSession();
      const demand = () => codes.demand({ sessionId: id, stateHash: id, secret: 'secret', expiresAt });
      await Promise.all([binding.confirmReturn(id, id), demand(), binding.confirmReturn(id, id)]);
      const session = await processes[0].prisma.session.findUniqueOrThrow({ where: { id } });
      expect(session.awaitedReturn).toBe('CODE');
      expect(await binding.confirmReturn(id, id)).toBe(false);
    }
  });

  it('a code has three tries in all', async () => {
    const { processes, now, newSession } = await createWorld();
    const { id } = await newSession();
    const stores = processes.map(createReturnCodeStore);
    await stores[0]?.demand({ sessionId: id, stateHash: id, secret: 's', expiresAt: new Date(now.getTime() + minute) });
    const tries = stores.flatMap((store) =>
      Array.from({ length: 10 }, () => store.countAttempt(id, { attempts: 3, now })),
    );
    expect((await Promise.all(tries)).filter((code) => code !== null)).toHaveLength(3);
  });

  it('five wrong entries are let through in all, and nobody waits for ever', async () => {
    const { processes, now } = await createWorld();
    const rule = { now, free: 5, firstPauseMs: minute, longestPauseMs: 60 * minute, forgottenAfterMs: 60 * minute };
    const stores = processes.map(createWrongEntryStore);
    const takes = stores.flatMap((store) =>
      Array.from({ length: 20 }, () => store.take(['session', 'login', 'net'], rule)),
    );
    expect((await Promise.all(takes)).filter((pause) => pause === null)).toHaveLength(5);

    const shared = ['a', 'b', 'c', 'd', 'e', 'f'];
    const mixed = Array.from({ length: 600 }, async (_, n) => {
      const store = stores[n % 2] as (typeof stores)[number];
      const keys = n % 5 === 0 ? shared.toReversed() : shared.slice(n % 4);
      if (n % 3 === 0) return await store.take(keys, { ...rule, free: 1_000 });
      return n % 3 === 1 ? await store.giveBack(keys, rule) : await store.forget(keys);
    });
    const done = await Promise.allSettled(mixed);
    expect(done.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))).toEqual([]);
  });
});
