import type { AppendEvent } from '../events/event-log.ts';
import type { ConsentStatus } from '../generated/prisma/enums.ts';
import type { Transaction } from '../storage/database.ts';
import { lockLogin } from './consent-store.ts';

export interface ConsentLoss {
  bankLoginId: string;
  /** The one that the bank was asked under. */
  consentId: string;
  /** What the bank says of the consent now, a final state; null when the consent stands and only the SCA must be done again. */
  status: ConsentStatus | null;
  /** A code: CONSENT_EXPIRED, CONSENT_INVALID, CREDENTIALS_INVALID, SCA_TOO_OLD. */
  reason: string;
  now: Date;
}

/**
 * The login cannot be synchronized any more without the end user: its consent is closed, the login turns SCA_REQUIRED, and so it leaves
 * the cycles. Says so by one event per loss (invariant 10): a login that is SCA_REQUIRED already says nothing. A consent that was
 * superseded meanwhile is no loss: the bank's word on it says nothing of the new one. That a recurring consent has run out is told of
 * as well, where our own look at the calendar has not come first; once, whoever comes first.
 */
export async function loseConsent(tx: Transaction, append: AppendEvent, loss: ConsentLoss): Promise<void> {
  const { bankLoginId, consentId, status, reason, now } = loss;
  await lockLogin(tx, bankLoginId);
  if ((await tx.consent.count({ where: { bankLoginId, status: 'VALID', id: { not: consentId } } })) > 0) return;
  const ended = status ? await end(tx, { consentId, status, now }) : null;
  const { count } = await tx.bankLogin.updateMany({
    where: { id: bankLoginId, status: { not: 'SCA_REQUIRED' } },
    data: { status: 'SCA_REQUIRED' },
  });
  if (!ended && count === 0) return;
  const login = await tx.bankLogin.findUniqueOrThrow({
    where: { id: bankLoginId },
    select: {
      clientId: true,
      user: { select: { id: true, externalId: true } },
      bank: { select: { id: true, name: true } },
    },
  });
  const about = { clientId: login.clientId, userId: login.user.id, bankLoginId, occurredAt: now };
  const data = { user: login.user, bankLogin: { id: bankLoginId, bank: login.bank } };
  if (ended) append({ ...about, type: 'CONSENT_EXPIRED', data: { ...data, validUntil: ended.validUntil } });
  if (count > 0) append({ ...about, type: 'BANK_LOGIN_SCA_REQUIRED', data: { ...data, reason } });
}

/** Closes the consent. Where it has run out and nobody has been told of it yet, what to tell; null otherwise. */
async function end(
  tx: Transaction,
  { consentId, status, now }: Pick<ConsentLoss, 'consentId' | 'now'> & { status: NonNullable<ConsentLoss['status']> },
): Promise<{ validUntil: string } | null> {
  const consent = await tx.consent.findFirst({ where: { id: consentId, status: 'VALID' } });
  if (!consent) return null;
  const isNews = status === 'EXPIRED' && consent.recurring && consent.expiryNotice !== 0;
  await tx.consent.update({
    where: { id: consentId },
    data: { status, endedAt: now, ...(isNews && { expiryNotice: 0 }) },
  });
  // A bank may end it before the day that was agreed.
  const lastDay = new Date(Math.min(consent.validUntil.getTime(), now.getTime()));
  return isNews ? { validUntil: lastDay.toISOString().slice(0, 10) } : null;
}
