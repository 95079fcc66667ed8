import type { AppendEvent } from '../events/event-log.ts';
import type { Transaction } from '../storage/database.ts';
import { lockLogin } from './consent-store.ts';

export interface ConsentLoss {
  bankLoginId: string;
  /** The one that the bank was asked under. */
  consentId: string;
  /** What the bank says of the consent now; null when the consent stands and only the SCA must be done again. */
  status: 'EXPIRED' | 'REVOKED_BY_PSU' | 'TERMINATED' | null;
  /** A code: CONSENT_EXPIRED, CONSENT_INVALID, CREDENTIALS_INVALID, SCA_TOO_OLD. */
  reason: string;
  now: Date;
}

/**
 * The login cannot be synchronized any more without the end user: its consent is closed, the login turns SCA_REQUIRED, and so it leaves
 * the cycles. Says so by one event per loss (invariant 10): a login that is SCA_REQUIRED already says nothing. A consent that was
 * superseded meanwhile is no loss: the bank's word on it says nothing of the new one.
 */
export async function loseConsent(tx: Transaction, append: AppendEvent, loss: ConsentLoss): Promise<void> {
  const { bankLoginId, consentId, status, reason, now } = loss;
  await lockLogin(tx, bankLoginId);
  if ((await tx.consent.count({ where: { bankLoginId, status: 'VALID', id: { not: consentId } } })) > 0) return;
  if (status) {
    await tx.consent.updateMany({ where: { id: consentId, status: 'VALID' }, data: { status, endedAt: now } });
  }
  const { count } = await tx.bankLogin.updateMany({
    where: { id: bankLoginId, status: { not: 'SCA_REQUIRED' } },
    data: { status: 'SCA_REQUIRED' },
  });
  if (count === 0) return;
  const login = await tx.bankLogin.findUniqueOrThrow({
    where: { id: bankLoginId },
    select: {
      clientId: true,
      user: { select: { id: true, externalId: true } },
      bank: { select: { id: true, name: true } },
    },
  });
  append({
    clientId: login.clientId,
    type: 'BANK_LOGIN_SCA_REQUIRED',
    userId: login.user.id,
    bankLoginId,
    occurredAt: now,
    data: { user: login.user, bankLogin: { id: bankLoginId, bank: login.bank }, reason },
  });
}
