import type { Authorisation, Challenge } from '../bank-port.ts';
import type { ScaReply } from './replies.ts';

/** Who asks the end user: we (embedded), or the bank's app (decoupled). */
export type OwnApproach = 'decoupled' | 'embedded';

/**
 * What is wanted of the end user next. The status alone is not enough: after the same `psuIdentified` one bank waits
 * for a password and another for a tap in its app, and only the links tell them apart. Null when we cannot go on:
 * `unconfirmed` asks us for a code that only a redirect brings.
 */
export function toNextStep(reply: ScaReply, approach: OwnApproach): Authorisation['next'] | null {
  switch (reply.scaStatus) {
    case 'finalised':
    case 'exempted':
      return { step: 'done' };
    case 'failed':
      return { step: 'failed' };
    case 'received':
    case 'psuIdentified':
      return toStepBeforeAuthentication(reply, approach);
    case 'psuAuthenticated':
      return toStepAfterAuthentication(reply, approach);
    case 'scaMethodSelected':
      return wantsOtp(reply) || approach === 'embedded' ? toOtpStep(reply) : { step: 'approve-in-app' };
    case 'started':
      return wantsOtp(reply) ? toOtpStep(reply) : { step: 'approve-in-app' };
    default:
      // A status of the bank's own: only its app can be at work on something that we do not know.
      return approach === 'decoupled' && reply.scaStatus !== 'unconfirmed' ? { step: 'approve-in-app' } : null;
  }
}

function toStepBeforeAuthentication(reply: ScaReply, approach: OwnApproach): Authorisation['next'] {
  const links = reply._links;
  if (links.updatePsuAuthentication || links.startAuthorisationWithPsuAuthentication) return { step: 'authenticate' };
  if (links.updatePsuIdentification && reply.scaStatus === 'received') return { step: 'identify' };
  if (reply.scaMethods.length > 0) return toMethodStep(reply);
  return approach === 'decoupled' ? { step: 'approve-in-app' } : { step: 'authenticate' };
}

function toStepAfterAuthentication(reply: ScaReply, approach: OwnApproach): Authorisation['next'] {
  if (reply.scaMethods.length > 0) return toMethodStep(reply);
  if (wantsOtp(reply)) return toOtpStep(reply);
  return approach === 'decoupled' ? { step: 'approve-in-app' } : toMethodStep(reply);
}

function wantsOtp(reply: ScaReply): boolean {
  return reply.challengeData !== null || reply._links.authoriseTransaction !== undefined;
}

function toMethodStep(reply: ScaReply): Authorisation['next'] {
  const methods = reply.scaMethods.map((method) => ({
    id: method.authenticationMethodId,
    name: method.name ?? method.authenticationType,
    type: method.authenticationType,
  }));
  return { step: 'choose-method', methods };
}

function toOtpStep(reply: ScaReply): Authorisation['next'] {
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
