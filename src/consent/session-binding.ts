import type { Clock } from '../domain/clock.ts';
import type { EncryptedPlace, Encryption } from '../storage/encryption.ts';
import { hashBrowser } from './browser-hash.ts';
import { hashLinkSecret, linkMs } from './link-secret.ts';
import { type ActionRecorder, recordOpening } from './recorded-actions.ts';
import type { SessionBindingStore } from './session-binding-store.ts';
import type { Session, SessionStore } from './session-store.ts';

/** The browser that the session belongs to, from now on or already; one that has no cookie; or another one. */
export type Admission = { kind: 'own'; browser: string } | { kind: 'unknown' } | { kind: 'foreign' };

/**
 * A hosted session belongs to the browser that began it (invariant 17). A browser is known by a random value in its
 * cookie; it may have several, in a frame and outside of one.
 */
export interface SessionBinding {
  /**
   * The first browser that asks gets the session. Another one ends the consent that the session waits for at the bank:
   * its link has been passed on. Null when the link is none of ours.
   */
  admit(linkSecret: string, browsers: readonly string[]): Promise<Admission | null>;
  /**
   * What a page in a frame hands over, so that the whole window, whose cookies are others, can go on. Good for half an
   * hour.
   */
  createHandover(session: Session): string;
  /**
   * Goes on in the window that sends it, whose cookie is given where it has one; gives the value for its cookie, the
   * same for a form sent twice. Null when it is none of ours, or has been used by another window.
   */
  takeOver(linkSecret: string, handover: string, present: string | null): Promise<string | null>;
}

export interface SessionBindingDeps {
  clock: Clock;
  sessions: Pick<SessionStore, 'findByLink' | 'end'>;
  store: SessionBindingStore;
  audit: ActionRecorder;
  encryption: Encryption;
}

/** How a session ends that has come into two browsers' hands. */
export const otherBrowserEnding = {
  status: 'FAILED',
  errorCode: 'OTHER_BROWSER',
  errorMessage: 'The end user went on in another browser than the one that began; the consent was ended.',
} as const;

interface Handover {
  sessionId: string;
  browserHash: string;
  /** Milliseconds since 1970. */
  until: number;
}

/** It is in a form, and names its session itself. */
const handedOver: EncryptedPlace = { column: 'form.handover', rowId: '' };

export function createSessionBinding({
  clock,
  sessions,
  store,
  audit,
  encryption,
}: SessionBindingDeps): SessionBinding {
  function readHandover(handover: string): Handover | null {
    try {
      return JSON.parse(encryption.decrypt(handover, handedOver)) as Handover;
    } catch {
      // Not encrypted by us.
      return null;
    }
  }

  return {
    async admit(linkSecret, browsers) {
      const session = await sessions.findByLink(hashLinkSecret(linkSecret));
      if (!session) return null;
      const [first] = browsers;
      if (first === undefined) return { kind: 'unknown' };
      const bind = () => store.bind(session.id, hashBrowser(first));
      const owner = session.browserHash ?? (await recordOpening(audit, session, bind));
      const browser = browsers.find((each) => hashBrowser(each) === owner);
      if (browser !== undefined) return { kind: 'own', browser };
      // Nothing is at stake before a bank has been asked.
      if (session.consentId) await sessions.end(session.id, { ...otherBrowserEnding, now: clock.now() });
      return { kind: 'foreign' };
    },
    createHandover({ id, browserHash }) {
      const handover: Handover = {
        sessionId: id,
        browserHash: browserHash ?? '',
        until: clock.now().getTime() + linkMs,
      };
      return encryption.encrypt(JSON.stringify(handover), handedOver);
    },
    async takeOver(linkSecret, text, present) {
      const handover = readHandover(text);
      const session = await sessions.findByLink(hashLinkSecret(linkSecret));
      if (!handover || !session || handover.sessionId !== session.id || handover.until < clock.now().getTime())
        return null;
      const browser = present ?? Buffer.from(hashBrowser(`handover ${text}`), 'hex').toString('base64url');
      const isMoved = await store.rebind(session.id, handover.browserHash, hashBrowser(browser));
      return isMoved || session.browserHash === hashBrowser(browser) ? browser : null;
    },
  };
}
