/**
 * How long after the first synchronization that something was missing from another one confirms that it is gone. A bank's bad moment and a
 * night's batch run last up to some hours, in which a retry or an end user's request sees the same gap again; cycles are twelve hours apart.
 */
const confirmedAfterMs = 6 * 3_600_000;

/** Whether what is missing now and was missing then is gone, by two witnesses; `since` is null where it was there the last time. */
export function isConfirmed(since: Date | null, now: Date): boolean {
  return since !== null && now.getTime() - since.getTime() >= confirmedAfterMs;
}
