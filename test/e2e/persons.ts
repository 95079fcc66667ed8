import { expect } from 'vitest';
import type { Words } from '../../src/http/pages/words.ts';
import { type EndUser, walkThrough } from './end-user.ts';
import type { LoginStatusNode, PersonsWorld } from './persons-world.ts';

export const approaches = {
  Redirect: 'bank_sandbox',
  Decoupled: 'bank_sandbox_decoupled',
  Embedded: 'bank_sandbox_embedded',
} as const;

/** What becomes of each person of the sandbox bank; `second` is a synchronization on request, without the end user. */
interface Course {
  accounts: number;
  /** The whole history of all accounts, at least and at most. */
  transactions: [least: number, most: number];
  second: { status: string; errorCode: string | null };
  afterwards: Pick<LoginStatusNode, 'status' | 'active' | 'blockedBy' | 'nextAction'> & { consent: string | null };
  events: string[];
}

const well: Course = {
  accounts: 2,
  transactions: [60, 300],
  second: { status: 'COMPLETED', errorCode: null },
  afterwards: { status: 'OK', active: true, consent: 'VALID', blockedBy: null, nextAction: 'NONE' },
  events: ['BANK_LOGIN_CONNECTED', 'BANK_LOGIN_SYNCHRONIZED'],
};

export const courses: Readonly<Record<string, Course>> = {
  anna: well,
  boris: { ...well, accounts: 3, transactions: [19_900, 20_100] },
  clara: well,
  dmitri: {
    ...well,
    second: { status: 'FAILED', errorCode: 'CONSENT_EXPIRED' },
    afterwards: {
      status: 'SCA_REQUIRED',
      active: false,
      consent: 'EXPIRED',
      blockedBy: 'CONSENT_EXPIRED',
      nextAction: 'CREATE_SYNCHRONIZATION_SESSION',
    },
    events: ['BANK_LOGIN_CONNECTED', 'CONSENT_EXPIRED', 'BANK_LOGIN_SCA_REQUIRED'],
  },
  elena: {
    ...well,
    second: { status: 'FAILED', errorCode: 'BANK_UNAVAILABLE' },
    // Once is an accident: the next cycle tries again.
    afterwards: { status: 'SYNC_FAILED', active: true, consent: 'VALID', blockedBy: null, nextAction: 'WAIT' },
    events: ['BANK_LOGIN_CONNECTED', 'BANK_LOGIN_SYNCHRONIZATION_FAILED'],
  },
  felix: well,
  hugo: well,
  'load-7': { ...well, accounts: 1, transactions: [5, 60] },
};

/** Connects the person's login; the user is the world's to delete. */
export async function connectPerson(
  world: PersonsWorld,
  endUser: EndUser,
): Promise<{ userId: string; session: { id: string }; headings: string[] }> {
  const userId = await world.createUser();
  const session = await world.createConnectSession(userId, endUser.bankId);
  const headings = await walkThrough(endUser, session.redirectUrl);
  return { userId, session, headings };
}

export async function onlyStatus(world: PersonsWorld, userId: string): Promise<LoginStatusNode> {
  const statuses = await world.statuses(userId);
  expect(statuses).toHaveLength(1);
  return statuses[0] as LoginStatusNode;
}

/** The whole course of a person, from the client's first call to the end that the API tells; gives the user. */
export async function playCourse(world: PersonsWorld, endUser: EndUser, words: Words): Promise<string> {
  const course = courses[endUser.psuId] as Course;
  const { userId, session, headings } = await connectPerson(world, endUser);
  expect(headings.at(-1)).toBe(words.doneTitle);
  expect(await endUser.screen.text()).toContain(words.doneText);
  expect(await world.connectSession(session)).toEqual({ status: 'COMPLETED', errorCode: null });

  const connected = await onlyStatus(world, userId);
  expect(connected).toMatchObject({ status: 'OK', active: true, blockedBy: null, nextAction: 'NONE' });
  expect(connected.bankLogin.consent).toEqual({ status: 'VALID' });
  expect(connected.bankLogin.accounts).toHaveLength(course.accounts);
  const history = await listTransactionIds(world, connected);
  expect(history.size).toBeGreaterThanOrEqual(course.transactions[0]);
  expect(history.size).toBeLessThanOrEqual(course.transactions[1]);

  world.clock.advance(60_000);
  const { session: second } = await world.synchronize(connected.bankLogin.id);
  expect(second).toMatchObject(course.second);
  const { status, active, blockedBy, nextAction, bankLogin } = await onlyStatus(world, userId);
  expect({ status, active, blockedBy, nextAction, consent: bankLogin.consent?.status ?? null }).toEqual(
    course.afterwards,
  );
  expect(await world.events(userId)).toEqual(course.events);
  // Nothing comes twice, nothing goes: a few entries are new where the bank has answered.
  const present = await listTransactionIds(world, connected);
  expect(present.size - history.size).toBeLessThanOrEqual(course.accounts * 5);
  expect([...history].filter((id) => !present.has(id))).toEqual([]);
  return userId;
}

async function listTransactionIds(world: PersonsWorld, { bankLogin }: LoginStatusNode): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const { id } of bankLogin.accounts) {
    for (const transaction of await world.transactions(id)) ids.add(transaction.id);
  }
  return ids;
}
