/** The hours of the day, UTC, at which a cycle opens: constants of the product, not settings. */
export const slotHours = [4, 16] as const;
export const windowMs = 12 * 3_600_000;

export interface Slot {
  opensAt: Date;
  closesAt: Date;
}

/** The slot whose window `now` lies in: the windows follow each other without a gap. */
export function slotAt(now: Date): Slot {
  const day = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  const [first, second] = slotHours.map((hour) => day + hour * 3_600_000) as [number, number];
  const time = now.getTime();
  const opens = time >= second ? second : time >= first ? first : second - 24 * 3_600_000;
  return { opensAt: new Date(opens), closesAt: new Date(opens + windowMs) };
}

/** The slot that opens next after `now`. */
export function nextSlot(now: Date): Slot {
  const { closesAt } = slotAt(now);
  return { opensAt: closesAt, closesAt: new Date(closesAt.getTime() + windowMs) };
}
