import { dayOf, shiftDay } from '../days.ts';
import { BareRefusal, Refusal } from '../exchange.ts';
import type { Trait, TraitQuestion } from './trait.ts';

function isOlderThan90Days({ reading, now }: TraitQuestion): boolean {
  return reading !== null && reading.query.dateFrom < shiftDay(dayOf(now), -90);
}

export const periodTraits = {
  'date-from-ignored': {
    about: '`dateFrom` changes nothing: the whole history comes every time',
    lookUp: (query) => ({ ...query, dateFrom: '2000-01-01' }),
  },
  'history-90-days': {
    about: 'A `dateFrom` more than 90 days ago is refused, also right after the SCA: 400 `FORMAT_ERROR`',
    admit: (call) => {
      if (isOlderThan90Days(call)) throw new Refusal(400, 'FORMAT_ERROR', 'dateFrom is too old.');
    },
  },
  'long-periods-break': {
    about: 'A `dateFrom` more than 90 days ago is answered with 500',
    admit: (call) => {
      if (isOlderThan90Days(call)) throw new BareRefusal(500, 'Too much.');
    },
  },
  'both-refused': {
    about: '`bookingStatus=both` is refused (400 `FORMAT_ERROR`), `booked` and `pending` are not',
    admit: ({ reading }) => {
      if (reading?.query.bookingStatus === 'both') throw new Refusal(400, 'FORMAT_ERROR', 'bookingStatus is wrong.');
    },
  },
  'booked-alone': {
    about: 'Of `bookingStatus`, `booked` alone is offered (400 `PARAMETER_NOT_SUPPORTED` otherwise)',
    admit: ({ reading }) => {
      if (reading && reading.query.bookingStatus !== 'booked')
        throw new Refusal(400, 'PARAMETER_NOT_SUPPORTED', 'Only what is booked is offered.');
    },
  },
} satisfies Record<string, Trait>;
