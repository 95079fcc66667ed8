const dayMs = 86_400_000;

/** Days since 1970-01-01, for a YYYY-MM-DD. */
export function toDayNumber(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / dayMs;
}

/** YYYY-MM-DD */
export function toDay(dayNumber: number): string {
  return new Date(dayNumber * dayMs).toISOString().slice(0, 10);
}

export function shiftDay(day: string, days: number): string {
  return toDay(toDayNumber(day) + days);
}

export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}

/** Whether the text is a day that there is: the 30th of February is none. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(toDayNumber(text)) && shiftDay(text, 0) === text;
}
