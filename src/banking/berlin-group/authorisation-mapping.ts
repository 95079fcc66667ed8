import type { Challenge, NextStep } from '../bank-port.ts';
import type { ScaReply } from './consent-replies.ts';

/** Who asks the end user: we (embedded), or the bank's app (decoupled). */
export type OwnApproach = 'decoupled' | 'embedded';

/** What is known of an authorisation besides its latest reply. */
export interface ScaContext {
  approach: OwnApproach;
  /** Whether the bank has been told who the end user is. */
  isIdentified: boolean;
  /** The type of the method that the end user has chosen. */
  methodType: string | null;
}

/**
 * What is wanted of the end user next. The status alone is not enough: after the same `psuIdentified` one bank waits
 * for a password and another for a tap in its app, and only the links tell them apart. Null when we cannot go on.
 */
export function toNextStep(reply: ScaReply, context: ScaContext): NextStep | null {
  switch (reply.scaStatus) {
    case 'finalised':
    case 'exempted':
      return { step: 'done' };
    case 'failed':
      return { step: 'failed' };
    case 'unconfirmed':
      return { step: 'enter-confirmation-code' };
    case 'received':
    case 'psuIdentified':
      return toStepBeforeAuthentication(reply, context);
    case 'psuAuthenticated':
      return toStepAfterAuthentication(reply, context);
    case 'scaMethodSelected':
    case 'started':
      return wantsOtp(reply, context) ? toOtpStep(reply) : { step: 'approve-in-app' };
    default:
      // A status of the bank's own: only its app can be at work on something that we do not know.
      return context.approach === 'decoupled' ? { step: 'approve-in-app' } : null;
  }
}

function toStepBeforeAuthentication(reply: ScaReply, { approach, isIdentified }: ScaContext): NextStep {
  const links = reply._links;
  const wantsPassword =
    links.updatePsuAuthentication ??
    links.updateEncryptedPsuAuthentication ??
    links.startAuthorisationWithPsuAuthentication;
  // Nobody can choose, no password is of use, and no app is called, before the bank knows whose.
  const isAnonymous = !isIdentified && reply.scaStatus === 'received';
  if (isAnonymous && !wantsPassword) return { step: 'identify' };
  if (wantsPassword) return isIdentified ? { step: 'authenticate' } : { step: 'identify' };
  if (links.updatePsuIdentification && reply.scaStatus === 'received') return { step: 'identify' };
  if (reply.scaMethods.length > 0) return toMethodStep(reply);
  return approach === 'decoupled' ? { step: 'approve-in-app' } : { step: 'authenticate' };
}

function toStepAfterAuthentication(reply: ScaReply, context: ScaContext): NextStep {
  if (reply.scaMethods.length > 0) return toMethodStep(reply);
  if (wantsOtp(reply, context)) return toOtpStep(reply);
  return context.approach === 'decoupled' ? { step: 'approve-in-app' } : toMethodStep(reply);
}

/** Of these an end user reads a code; of all others we know only by the reply that one is wanted. */
const codeTypes = new Set(['SMS_OTP', 'CHIP_OTP', 'PHOTO_OTP', 'SMTP_OTP']);
const pushTypes = new Set(['PUSH_OTP', 'PUSH_DEC']);

function wantsOtp(reply: ScaReply, { approach, methodType }: ScaContext): boolean {
  if (reply.challengeData !== null) return true;
  const chosen = reply.chosenScaMethod ?? methodType ?? '';
  if (approach === 'decoupled' || pushTypes.has(chosen)) return false;
  return reply._links.authoriseTransaction !== undefined || codeTypes.has(chosen);
}

function toMethodStep(reply: ScaReply): NextStep {
  const methods = reply.scaMethods.map((method) => ({
    id: method.authenticationMethodId,
    name: method.name ?? method.authenticationType,
    type: method.authenticationType,
  }));
  return { step: 'choose-method', methods };
}

function toOtpStep(reply: ScaReply): NextStep {
  return { step: 'enter-otp', challenge: toChallenge(reply.challengeData) };
}

function toChallenge(data: ScaReply['challengeData']): Challenge {
  if (!data) return { text: null, image: null, otpFormat: null, otpMaxLength: null };
  const words = [data.additionalInformation, ...data.data].filter((word) => word?.trim());
  const isKnownFormat = data.otpFormat === 'characters' || data.otpFormat === 'integer';
  return {
    text: words.join(' ') || null,
    image: data.image,
    otpFormat: isKnownFormat ? (data.otpFormat as 'characters' | 'integer') : null,
    otpMaxLength: data.otpMaxLength ?? null,
  };
}
