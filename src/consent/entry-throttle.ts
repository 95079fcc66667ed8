import { createHash } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import type { Clock } from '../domain/clock.ts';
import type { Encryption } from '../storage/encryption.ts';
import { type EnteredStep, findWho } from './entered-step.ts';
import type { FlowView, Visit } from './flow-view.ts';
import { type KeptAuthorisation, readAuthorisation } from './kept-authorisation.ts';
import type { ScaSteps } from './sca-steps.ts';
import type { Visits } from './visits.ts';
import type { PauseRule, WrongEntryStore } from './wrong-entry-store.ts';

export interface EntryThrottleDeps {
  clock: Clock;
  visits: Visits;
  store: WrongEntryStore;
  encryption: Encryption;
}

/**
 * Five wrong entries, then a pause of a minute that doubles up to an hour; an hour without a wrong one and all is
 * forgotten.
 */
const limits = { free: 5, firstPauseMs: 60_000, longestPauseMs: 3_600_000, forgottenAfterMs: 3_600_000 };

/**
 * The same steps, with wrong passwords and codes throttled per session, per login at the bank and per network of the
 * end user, in all processes together: whoever guesses is slowed down here before the bank locks the login of somebody
 * else.
 */
export function throttleEntries(steps: ScaSteps, { clock, visits, store, encryption }: EntryThrottleDeps): ScaSteps {
  const rule = (): PauseRule => ({ ...limits, now: clock.now() });

  async function settle(keys: EntryKeys, view: FlowView | null): Promise<void> {
    if (!view || view.page === 'out-of-step') return await store.giveBack(keys.all, rule());
    // What the bank has refused for good it has judged, by whatever code: some tell a wrong password so.
    if (view.page === 'bank-trouble' && !view.trouble.isLasting) return await store.giveBack(keys.all, rule());
    if (view.page === 'bank-trouble' || (view.page === 'authorise' && view.problem)) return;
    // A bank may take the last of many wrong entries by ending the authorisation.
    const after = await visits.find(view.linkSecret);
    if (after?.session.status === 'FAILED') return;
    await store.forget(keys.own);
    await store.giveBack([keys.network], rule());
  }

  return {
    ...steps,
    async enter(linkSecret, entered) {
      const visit = entered.password || entered.otp ? await visits.find(linkSecret) : null;
      if (!visit) return await steps.enter(linkSecret, entered);
      const keys = listKeys(visit, entered, readAuthorisation(encryption, visit.session));
      const until = await store.take(keys.all, rule());
      if (until) {
        const waitSeconds = Math.ceil((until.getTime() - clock.now().getTime()) / 1_000);
        return { ...visit, page: 'paused', waitSeconds };
      }
      let view: FlowView | null = null;
      try {
        view = await steps.enter(linkSecret, entered);
        return view;
      } finally {
        await settle(keys, view);
      }
    },
  };
}

interface EntryKeys {
  all: string[];
  /** Of the end user alone. */
  own: string[];
  network: string;
}

function listKeys({ session }: Visit, entered: EnteredStep, kept: KeptAuthorisation | null): EntryKeys {
  const name = ((kept && findWho(entered, kept).psuId) ?? '').toLowerCase();
  // Apart: who knows the password, and enters it in every new session, must not have the wrong codes forgotten by that.
  const kind = entered.otp ? 'code' : 'password';
  const own = [hash('session', kind, session.id), hash('login', kind, session.bankId ?? '', name)];
  const network = hash('network', toNetwork(entered.psu.ipAddress));
  return { all: [...own, network], own, network };
}

/** One end user has a whole /64 of IPv6. */
function toNetwork(ipAddress: string): string {
  if (!ipaddr.isValid(ipAddress)) return ipAddress;
  const address = ipaddr.process(ipAddress);
  return address instanceof ipaddr.IPv6 ? address.toByteArray().slice(0, 8).join('.') : address.toString();
}

function hash(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
