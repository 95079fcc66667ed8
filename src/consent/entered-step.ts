import type { EnteredStep as BankStep, NextStep, Progress, PsuContext } from '../banking/bank-port.ts';
import { parseIbans } from './named-accounts.ts';

/** What the end user has entered; null for a field that the form does not have, or that was left empty. */
export interface EnteredStep {
  psuId: string | null;
  corporateId: string | null;
  password: string | null;
  methodId: string | null;
  otp: string | null;
  /** The accounts to be shared, as typed. */
  iban: string | null;
  psu: PsuContext;
}

const forms: ReadonlySet<NextStep['step']> = new Set([
  'identify',
  'name-accounts',
  'authenticate',
  'choose-method',
  'enter-otp',
  'enter-confirmation-code',
]);

/** Whose password or code it is: the step that asks for the user name may change it, no other one, whatever else a form brings. */
export function findWho(
  { psuId, corporateId }: Pick<EnteredStep, 'psuId' | 'corporateId'>,
  kept: { progress: Progress; psuId: string | null; corporateId: string | null },
): { psuId: string | null; corporateId: string | null } {
  const { step } = kept.progress.next;
  const asksWho = step === 'identify' || step === 'authenticate';
  if (!asksWho) return { psuId: kept.psuId, corporateId: kept.corporateId };
  return { psuId: psuId ?? kept.psuId, corporateId: corporateId ?? kept.corporateId };
}

/** A form of an earlier step, sent again. */
export function isOutOfStep(entered: EnteredStep, next: NextStep): boolean {
  if (entered.otp !== null) return next.step !== 'enter-otp' && next.step !== 'enter-confirmation-code';
  if (entered.iban !== null) return next.step !== 'name-accounts';
  if (entered.password !== null) return next.step !== 'authenticate';
  if (entered.methodId !== null) {
    return next.step !== 'choose-method' || !next.methods.some(({ id }) => id === entered.methodId);
  }
  return !forms.has(next.step);
}

/** What the bank waits for, as far as it has been entered; null where something of it is missing, or cannot be right. */
export function toInput(entered: EnteredStep, next: NextStep): BankStep['input'] | null {
  const { psuId, corporateId, password, methodId, otp, iban } = entered;
  switch (next.step) {
    case 'identify':
      if (next.asksCorporateId && !corporateId) return null;
      return psuId ? { step: 'identify', psuId, corporateId } : null;
    case 'name-accounts': {
      const ibans = iban === null ? null : parseIbans(iban);
      return ibans && { step: 'name-accounts', ibans };
    }
    case 'authenticate':
      if (next.asksCorporateId && !corporateId) return null;
      return psuId && password ? { step: 'authenticate', psuId, corporateId, password } : null;
    case 'choose-method': {
      const id = methodId ?? next.methods[0]?.id;
      return id ? { step: 'choose-method', methodId: id } : null;
    }
    case 'enter-otp':
      return otp ? { step: 'enter-otp', otp } : null;
    case 'enter-confirmation-code':
      return otp ? { step: 'enter-confirmation-code', code: otp } : null;
    case 'go-to-bank':
    case 'approve-in-app':
    case 'done':
    case 'failed':
      return null;
  }
}
