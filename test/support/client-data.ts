import { createHash } from 'node:crypto';
import { returnSecretOf } from '../../src/consent/bank-returns.ts';
import { credentialsOf } from '../../src/consent/consent-store.ts';
import { linkSecretOf } from '../../src/consent/link-secret.ts';
import { accountFields } from '../../src/domain/account-fields.ts';
import { balanceFields } from '../../src/domain/balance-fields.ts';
import { absentValues, type FieldTable } from '../../src/domain/field-table.ts';
import { idPrefixes } from '../../src/domain/ids.ts';
import { transactionFields } from '../../src/domain/transaction-fields.ts';
import { eventCatalogue } from '../../src/events/event-catalogue.ts';
import { EventType } from '../../src/generated/prisma/enums.ts';
import type { Database } from '../../src/storage/database.ts';
import type { Encryption } from '../../src/storage/encryption.ts';
import { createEndpointSecrets } from '../../src/webhooks/endpoint-secrets.ts';
import { generateSecret } from '../../src/webhooks/signing.ts';
import { insertBank } from './enrolled-users.ts';

/** Kinds of rows that belong to a client. */
export const ownedKinds = [
  'client',
  'apiKey',
  'user',
  'bankLogin',
  'consent',
  'account',
  'transaction',
  'connectSession',
  'managementSession',
  'synchronizationSession',
  'event',
  'webhookEndpoint',
  'webhookDelivery',
] as const;
export type OwnedKind = (typeof ownedKinds)[number];

export interface ClientDataOptions {
  /** Lower-case letters; in every id, and as `secret of <tag>` in every text. */
  tag: string;
  /** Users, each with a login, an account and so on; and transactions of the first account. @default 1 */
  count?: number;
  now: Date;
  encryption: Encryption;
}

/** The id of the n-th row of a kind. */
export function idOf(tag: string, kind: OwnedKind | 'cycle' | 'synchronizationAttempt', n = 0): string {
  return `${idPrefixes[kind]}_${tag}${String(n).padStart(6, '0')}`;
}

export function secretOf(tag: string): string {
  return `secret of ${tag}`;
}

/** A client that has something of everything, straight into the tables. */
export async function insertClientData(database: Database, options: ClientDataOptions): Promise<void> {
  const { tag, now, encryption, count = 1 } = options;
  const { prisma } = database;
  const secret = secretOf(tag);
  const id = (kind: Parameters<typeof idOf>[1], n = 0) => idOf(tag, kind, n);
  const clientId = id('client');
  const bankId = await insertBank(database);
  const each = <Row>(row: (n: number) => Row): Row[] => Array.from({ length: count }, (_, n) => row(n));
  const days = (n: number) => new Date(now.getTime() + n * 86_400_000);

  await prisma.client.create({
    data: {
      id: clientId,
      name: secret,
      returnOrigins: [`https://${tag}.example`],
      createdAt: now,
      eventHead: { create: { position: BigInt(count * eventTypes.length) } },
    },
  });
  await prisma.apiKey.createMany({
    data: each((n) => ({
      id: id('apiKey', n),
      clientId,
      name: secret,
      prefix: `tw_${tag}`,
      hash: hash(`key ${tag} ${n}`),
      scopes: ['CLIENT' as const],
      allowedNetworks: ['10.0.0.0/8'],
      expiresAt: days(30),
      lastUsedAt: now,
      createdAt: now,
    })),
  });
  await prisma.user.createMany({
    data: each((n) => ({
      id: id('user', n),
      clientId,
      externalId: `${secret} ${n}`,
      idempotencyKey: n === 0 ? `key ${tag}` : null,
      recurring: true,
      enrolledAt: now,
      createdAt: now,
    })),
  });
  await prisma.bankLogin.createMany({
    data: each((n) => ({
      id: id('bankLogin', n),
      clientId,
      userId: id('user', n),
      bankId,
      lastSynchronization: now,
      createdAt: now,
    })),
  });
  await prisma.synchronizationAttempt.createMany({
    data: each((n) => ({
      id: id('synchronizationAttempt', n),
      bankLoginId: id('bankLogin', n),
      trigger: 'MANUAL' as const,
      startedAt: now,
      finishedAt: now,
      errorCode: 'BANK_UNAVAILABLE',
      errorMessage: secret,
    })),
  });
  await prisma.$executeRaw`
    UPDATE bank_logins l SET last_attempt_id = a.id FROM synchronization_attempts a
    WHERE a.bank_login_id = l.id AND l.client_id = ${clientId}`;
  await prisma.consent.createMany({
    data: each((n) => ({
      id: id('consent', n),
      clientId,
      userId: id('user', n),
      bankId,
      bankLoginId: id('bankLogin', n),
      status: 'VALID' as const,
      recurring: true,
      validUntil: days(90),
      frequencyPerDay: 4,
      authorisedAt: now,
      credentials: encryption.encrypt(secret, credentialsOf(id('consent', n))),
      createdAt: now,
    })),
  });
  await prisma.account.createMany({
    data: each((n) => ({
      id: id('account', n),
      clientId,
      bankLoginId: id('bankLogin', n),
      resourceId: 'r1',
      identification: `${tag}${n}`,
      ...textsOf(accountFields, secret),
      iban: `IBAN${secret}`,
      currency: 'EUR',
      balances: [
        {
          ...absentValues(balanceFields),
          type: 'expected',
          amount: { amount: '12.50', currency: 'EUR' },
          referenceDate: '2026-03-09',
          observedAt: now.toISOString(),
        },
      ],
      problem: { code: 'ROWS_SKIPPED', message: secret, since: now.toISOString() },
      createdAt: now,
    })),
  });
  // The first account has `count` transactions, every other one has one.
  await prisma.transaction.createMany({
    data: Array.from({ length: 2 * count - 1 }, (_, n) => ({
      id: id('transaction', n),
      clientId,
      accountId: id('account', n < count ? 0 : n - count + 1),
      status: 'BOOKED' as const,
      identity: String(n),
      amount: '-3.20',
      currency: 'EUR',
      bookingDate: days(-1),
      valueDate: days(-1),
      ...textsOf(transactionFields, secret),
      otherFields: { secret },
      counterpartyAccount: { iban: secret, bban: secret, maskedPan: secret, other: secret },
      sortDate: days(-1),
      createdAt: now,
      updatedAt: now,
    })),
  });
  // Told of by the first event of each user; of a transaction that was removed, too.
  await prisma.transactionChangeSet.createMany({
    data: each((n) => ({
      clientId,
      position: BigInt(n * eventTypes.length + 1),
      bankLoginId: id('bankLogin', n),
      version: 0,
    })),
  });
  await prisma.transactionTombstone.createMany({
    data: each((n) => ({
      transactionId: id('transaction', 900_000 + n),
      clientId,
      accountId: id('account', n),
      content: { secret },
      position: BigInt(n * eventTypes.length + 1),
      removedAt: now,
    })),
  });
  await prisma.balanceChange.createMany({
    data: each((n) => ({
      accountId: id('account', n),
      type: secret,
      amount: '12.50',
      currency: 'EUR',
      observedAt: now,
    })),
  });
  await insertEndpointsAndEvents(database, options);
  // Of the first user alone: its login is taken, the others' are free for a session of the test's own.
  const session = {
    clientId,
    userId: id('user'),
    bankId,
    bankLoginId: id('bankLogin'),
    status: 'AWAITING_USER' as const,
    expiresAt: days(1),
    createdAt: now,
    updatedAt: now,
  };
  const sessionOf = (kind: Parameters<typeof id>[0]) => ({
    ...session,
    id: id(kind),
    linkSecret: encryption.encrypt(secret, linkSecretOf(id(kind))),
  });
  await prisma.session.createMany({
    data: [
      { ...sessionOf('connectSession'), kind: 'CONNECT', errorCode: secret, idempotencyKey: `key ${tag}` },
      { ...sessionOf('managementSession'), kind: 'MANAGEMENT' },
      {
        ...sessionOf('synchronizationSession'),
        kind: 'SYNCHRONIZATION',
        idempotencyKey: `key ${tag}`,
        eventId: id('event', 1),
        errorCode: secret,
        errorMessage: secret,
        finishedAt: now,
      },
    ],
  });
  const recordId = `record of ${tag}`;
  await prisma.idempotencyRecord.create({
    data: {
      id: recordId,
      inputHash: tag,
      subjectId: id('apiKey'),
      secret: encryption.encrypt(secret, { column: 'idempotency_records.secret', rowId: recordId }),
      createdAt: now,
    },
  });
  const sessionId = id('connectSession');
  await prisma.returnCode.create({
    data: {
      sessionId,
      stateHash: tag,
      secret: encryption.encrypt(secret, returnSecretOf(sessionId)),
      expiresAt: days(1),
    },
  });
}

/** Every text that a bank may leave out. */
function textsOf(table: FieldTable, text: string): Record<string, string> {
  const names = Object.entries(table).filter(([, { kind, nullable }]) => kind === 'text' && nullable);
  return Object.fromEntries(names.map(([name]) => [name, text]));
}

/** One cycle of everybody, done; to be inserted after the clients. */
export async function insertCycle(database: Database, now: Date): Promise<string> {
  const id = idOf('shared', 'cycle');
  const window = {
    opensAt: new Date(now.getTime() - 6 * 3_600_000),
    closesAt: new Date(now.getTime() + 6 * 3_600_000),
  };
  await database.prisma.synchronizationCycle.create({
    data: { id, kind: 'SCHEDULED', ...window, laneCount: 1, status: 'COMPLETED', startedAt: now, finishedAt: now },
  });
  await database.prisma.$executeRaw`
    INSERT INTO cycle_entries (cycle_id, user_id, client_id, lane, position, status, attempt_count)
    SELECT ${id}, id, client_id, 0, row_number() OVER (ORDER BY id), 'SYNCHRONIZED', 1 FROM users`;
  await database.prisma.event.updateMany({
    where: { type: 'SYNCHRONIZATION_CYCLE_COMPLETED' },
    data: { cycleId: id },
  });
  return id;
}

const eventTypes = Object.values(EventType);

/** One event of every type about each user; a delivery of each, with an attempt, to the first endpoint. */
async function insertEndpointsAndEvents(
  { prisma }: Database,
  { tag, now, encryption, count = 1 }: ClientDataOptions,
): Promise<void> {
  const secret = secretOf(tag);
  const clientId = idOf(tag, 'client');
  const secrets = createEndpointSecrets(encryption);
  await prisma.webhookEndpoint.createMany({
    data: Array.from({ length: count }, (_, n) => ({
      id: idOf(tag, 'webhookEndpoint', n),
      clientId,
      url: `http://127.0.0.1:9/${tag}`,
      types: ['WEBHOOK_TEST' as const],
      description: secret,
      document: `subscription { events { id } } # ${secret}`,
      documentError: secret,
      disabledReason: secret,
      failingSince: now,
      rateLimit: 10,
      signatureAlgorithm: 'ED25519' as const,
      headers: secrets.sealHeaders(idOf(tag, 'webhookEndpoint', n), [{ name: 'X-Name', value: secret }]),
      secrets: secrets.sealSecrets(idOf(tag, 'webhookEndpoint', n), [
        { secret: generateSecret('ED25519'), expiresAt: null },
      ]),
      createdAt: now,
      updatedAt: now,
    })),
  });
  const events = Array.from({ length: count * eventTypes.length }, (_, i) => {
    const n = Math.floor(i / eventTypes.length);
    const type = eventTypes[i % eventTypes.length] as EventType;
    return {
      id: idOf(tag, 'event', i),
      clientId,
      position: BigInt(i + 1),
      type,
      occurredAt: now,
      userId: idOf(tag, 'user', n),
      bankLoginId: idOf(tag, 'bankLogin', n),
      endpointId: type.startsWith('WEBHOOK') ? idOf(tag, 'webhookEndpoint', n) : null,
      data: toOwnData(type, tag, n),
    };
  });
  await prisma.event.createMany({ data: events });
  const deliveries = events.map((event, i) => ({
    id: idOf(tag, 'webhookDelivery', i),
    clientId,
    endpointId: idOf(tag, 'webhookEndpoint'),
    eventId: event.id,
    bankLoginId: event.bankLoginId,
    position: event.position,
    status: 'FAILED' as const,
    attemptCount: 1,
    attempts: [
      { startedAt: now.toISOString(), durationMs: 5, responseStatus: 500, responseBody: secret, error: secret },
    ],
    nextAttemptAt: now,
    createdAt: now,
  }));
  await prisma.webhookDelivery.createMany({ data: deliveries });
}

/** The catalogue's example, with the client's own ids in place of its own, and the secret in its texts. */
function toOwnData(type: EventType, tag: string, n: number): object {
  const kinds: [prefix: string, kind: OwnedKind][] = [
    ['usr', 'user'],
    ['login', 'bankLogin'],
    ['acc', 'account'],
    ['txn', 'transaction'],
    ['whe', 'webhookEndpoint'],
  ];
  let text = JSON.stringify(eventCatalogue[type].example);
  for (const [prefix, kind] of kinds)
    text = text.replaceAll(new RegExp(`${prefix}_[0-9a-z]{26}`, 'g'), idOf(tag, kind, n));
  return JSON.parse(text, (key, value) => {
    const isText = /name|message|reason|iban|product|externalId|information|endToEndId/i.test(key);
    if (isText && typeof value === 'string') return secretOf(tag);
    if (key === 'removedTransactionIds') return [idOf(tag, 'transaction', n)];
    if (!value?.newTransactions) return value;
    const problem = { code: 'ROWS_SKIPPED', message: secretOf(tag), since: '2026-03-10T10:00:00.000Z' };
    return { ...value, problem, updatedTransactions: value.newTransactions };
  });
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
