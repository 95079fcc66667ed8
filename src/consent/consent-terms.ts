/** What a consent is asked to allow; the bank may grant less. */
export interface ConsentTerms {
  recurring: boolean;
  /** Inclusive, YYYY-MM-DD. */
  validUntil: string;
  frequencyPerDay: number;
}

const dayMs = 86_400_000;
/** As long as an SCA lasts (RTS Art. 10a), and as often as the law allows without the end user (Art. 36). */
const recurringDays = 180;
const recurringFrequencyPerDay = 4;
/** A one-off consent is used at once; the day more is for banks that have tomorrow already. */
const oneOffDays = 1;

/** Recurring where the cycles will use it: a recurring user whose secrets are stored. Otherwise good for one fetch. */
export function consentTerms(recurring: boolean, now: Date): ConsentTerms {
  const days = recurring ? recurringDays : oneOffDays;
  return {
    recurring,
    validUntil: new Date(now.getTime() + days * dayMs).toISOString().slice(0, 10),
    frequencyPerDay: recurring ? recurringFrequencyPerDay : 1,
  };
}
