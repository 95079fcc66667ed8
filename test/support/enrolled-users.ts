import { newId } from '../../src/domain/ids.ts';
import type { Database } from '../../src/storage/database.ts';

export interface EnrolledUser {
  userId: string;
  loginId: string;
}

/** A client with its event log. */
export async function insertClient(database: Database, now: Date, name = 'Client'): Promise<string> {
  const id = newId('client', now);
  await database.prisma.client.create({ data: { id, name, createdAt: now, eventHead: { create: {} } } });
  return id;
}

export async function insertBank(database: Database, id = 'bank_test'): Promise<string> {
  await database.prisma.bank.upsert({
    where: { id },
    create: { id, name: 'Test Bank', country: 'DE' },
    update: {},
  });
  return id;
}

/** A recurring user with a login that the cycles take in: a valid recurring consent, authorised now. */
export async function insertEnrolledUser(
  database: Database,
  given: { clientId: string; now: Date; bankConsentId?: string },
): Promise<EnrolledUser> {
  const { clientId, now, bankConsentId = 'encrypted' } = given;
  const bankId = await insertBank(database);
  const [userId, loginId] = [newId('user', now), newId('bankLogin', now)];
  await database.prisma.user.create({
    data: { id: userId, clientId, recurring: true, enrolledAt: now, createdAt: now },
  });
  await database.prisma.bankLogin.create({ data: { id: loginId, clientId, userId, bankId, createdAt: now } });
  await database.prisma.consent.create({
    data: {
      id: newId('consent', now),
      clientId,
      userId,
      bankId,
      bankLoginId: loginId,
      status: 'VALID',
      recurring: true,
      validUntil: new Date(now.getTime() + 90 * 86_400_000),
      frequencyPerDay: 4,
      authorisedAt: now,
      bankConsentId,
      createdAt: now,
    },
  });
  return { userId, loginId };
}
