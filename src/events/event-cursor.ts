import { AppError } from '../domain/errors.ts';

const version = 'e1';

/** An event's place in its client's log as API clients see it: opaque, and good for as long as the log is kept. */
export function toCursor(position: bigint): string {
  return Buffer.from(`${version}:${position}`).toString('base64url');
}

/** The position that a cursor stands for; null for a text that is none of ours. */
export function parseCursor(text: string): bigint | null {
  const match = /^e1:(\d{1,18})$/.exec(Buffer.from(text, 'base64url').toString('utf8'));
  return match?.[1] !== undefined && toCursor(BigInt(match[1])) === text ? BigInt(match[1]) : null;
}

/** The events after a cursor are kept no longer, as the operator has set it. `resumeAfter`: the cursor that all that is kept lies behind. */
export class CursorExpired extends AppError {
  constructor(removedThrough: bigint) {
    super(
      'CURSOR_EXPIRED',
      'Events after this cursor have been removed for their age. Read the present state by query; the log begins after `resumeAfter`.',
      { details: { resumeAfter: toCursor(removedThrough) } },
    );
  }
}
