import { describe, expect, it } from 'vitest';
import { newId } from '../../src/domain/ids.ts';
import { Prisma } from '../../src/storage/database.ts';
import { type Eligibility, eligibleLoginSql, isEligible } from '../../src/sync/eligibility.ts';
import { insertBank, insertClient } from '../support/enrolled-users.ts';
import { openTestDatabase } from '../support/test-database.ts';

const now = new Date('2026-03-10T10:00:00Z');
const today = '2026-03-10';
const every90 = { scaValidityDays: 90 };
const sca = (daysAgo: number, ms = 0) => new Date(now.getTime() - daysAgo * 86_400_000 - ms);

function standing(given: Partial<Eligibility> = {}, consent: Partial<NonNullable<Eligibility['consent']>> = {}) {
  return {
    recurring: true,
    secretsStored: true,
    status: 'OK' as const,
    consent: { recurring: true, validUntil: '2026-06-01', authorisedAt: sca(1), scaValidityDays: 180, ...consent },
    ...given,
  };
}

const cases: Array<[why: string, login: Eligibility, eligible: boolean]> = [
  ['all is well', standing(), true],
  ['it has failed before', standing({ status: 'SYNC_FAILED' }), true],
  ['this is the last day of the consent', standing({}, { validUntil: today }), true],
  ['the SCA is 180 days old', standing({}, { authorisedAt: sca(180) }), true],
  ['the user is not recurring', standing({ recurring: false }), false],
  ['no secrets are stored', standing({ secretsStored: false }), false],
  ['the bank demands SCA', standing({ status: 'SCA_REQUIRED' }), false],
  ['there is no consent', standing({ consent: null }), false],
  ['the consent is a one-off one', standing({}, { recurring: false }), false],
  ['the consent ended yesterday', standing({}, { validUntil: '2026-03-09' }), false],
  ['the SCA is older than 180 days', standing({}, { authorisedAt: sca(180, 1) }), false],
  ['the SCA is 90 days old, and the bank wants it so often', standing({}, { authorisedAt: sca(90), ...every90 }), true],
  ['it is older, and the bank wants it so often', standing({}, { authorisedAt: sca(90, 1), ...every90 }), false],
];

describe('whether a login is synchronized without the end user', () => {
  it.each(cases)('when %s', (_why, login, eligible) => {
    expect(isEligible(login, now)).toBe(eligible);
  });

  it('is answered by the database just so', async () => {
    const database = await openTestDatabase();
    const clientId = await insertClient(database, now);
    const ids: string[] = [];
    for (const [, login] of cases) {
      const { recurring, secretsStored, status, consent } = login;
      const bankId = await insertBank(database, `bank_${consent?.scaValidityDays}`);
      await database.prisma.bank.update({
        where: { id: bankId },
        data: { scaValidityDays: consent?.scaValidityDays ?? 180 },
      });
      const [userId, id] = [newId('user', now), newId('bankLogin', now)];
      await database.prisma.user.create({ data: { id: userId, clientId, recurring, createdAt: now } });
      await database.prisma.bankLogin.create({
        data: { id, clientId, userId, bankId, secretsStored, status, createdAt: now },
      });
      ids.push(id);
      if (!consent) continue;
      await database.prisma.consent.create({
        data: {
          id: newId('consent', now),
          ...{ clientId, userId, bankId, bankLoginId: id, status: 'VALID', frequencyPerDay: 4 },
          recurring: consent.recurring,
          authorisedAt: consent.authorisedAt,
          validUntil: new Date(consent.validUntil),
          credentials: 'encrypted',
          createdAt: now,
        },
      });
    }
    const rows = await database.query<{ id: string }>(Prisma.sql`
      SELECT l.id FROM bank_logins l JOIN users u ON u.id = l.user_id WHERE u.recurring AND ${eligibleLoginSql(now)}`);
    const found = new Set(rows.map(({ id }) => id));
    expect(cases.map(([why], n) => [why, found.has(ids[n] ?? '')])).toEqual(cases.map(([why, , yes]) => [why, yes]));
  });
});
