import { credentialsOf } from '../../src/consent/consent-store.ts';
import { newId } from '../../src/domain/ids.ts';
import type { Database } from '../../src/storage/database.ts';
import type { Encryption } from '../../src/storage/encryption.ts';

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

/** Credentials of a consent, encrypted; or what encrypts them for the consent with this id. */
export type SealedCredentials = string | ((consentId: string) => string);

/** Encrypts credentials for a consent that is still to be made. */
export function sealedCredentials(encryption: Encryption, credentials: string): (consentId: string) => string {
  return (consentId) => encryption.encrypt(credentials, credentialsOf(consentId));
}

/** A recurring user with a login that the cycles take in: a valid recurring consent, authorised now. */
export async function insertEnrolledUser(
  database: Database,
  given: { clientId: string; now: Date; credentials?: SealedCredentials },
): Promise<EnrolledUser> {
  const { clientId, now, credentials = 'encrypted' } = given;
  const bankId = await insertBank(database);
  const [userId, loginId, consentId] = [newId('user', now), newId('bankLogin', now), newId('consent', now)];
  await database.prisma.user.create({
    data: { id: userId, clientId, recurring: true, enrolledAt: now, createdAt: now },
  });
  await database.prisma.bankLogin.create({ data: { id: loginId, clientId, userId, bankId, createdAt: now } });
  await database.prisma.consent.create({
    data: {
      id: consentId,
      clientId,
      userId,
      bankId,
      bankLoginId: loginId,
      status: 'VALID',
      recurring: true,
      validUntil: new Date(now.getTime() + 90 * 86_400_000),
      frequencyPerDay: 4,
      authorisedAt: now,
      credentials: typeof credentials === 'string' ? credentials : credentials(consentId),
      createdAt: now,
    },
  });
  return { userId, loginId };
}
