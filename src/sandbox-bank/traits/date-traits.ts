import { shiftDay, toDayNumber } from '../days.ts';
import { changeLists, changeRows, type Row, rollDice } from './rows.ts';
import type { ReplyPart, Trait } from './trait.ts';

const dateNames = ['bookingDate', 'valueDate', 'transactionDate'] as const;

function changeDates(change: (day: string) => string): ReplyPart {
  return changeRows((row) => {
    const changed = { ...row };
    for (const name of dateNames) if (typeof row[name] === 'string') changed[name] = change(row[name]);
    return changed;
  });
}

export const dateTraits = {
  'date-times': {
    about: 'Dates are date-times with a zone: `2026-03-10T00:00:00+01:00`',
    reply: changeDates((day) => `${day}T00:00:00+01:00`),
  },
  'german-dates': {
    about: 'Dates are `10.03.2026`',
    reply: changeDates((day) => day.split('-').reverse().join('.')),
  },
  'compact-dates': {
    about: 'Dates are `20260310`',
    reply: changeDates((day) => day.replaceAll('-', '')),
  },
  'zero-dates': {
    about: 'Some value dates are `0000-00-00` or `2023-02-30`',
    reply: changeRows((row) =>
      row.valueDate
        ? { ...row, valueDate: ['0000-00-00', '2023-02-30', row.valueDate][rollDice(row, 3)] as string }
        : row,
    ),
  },
  'date-time-only': {
    about: 'There is `bookingDateTime` and `valueDateTime`, and no date',
    reply: changeRows(({ bookingDate, valueDate, ...row }) => ({
      ...row,
      ...(bookingDate ? { bookingDateTime: `${bookingDate}T09:30:00Z` } : {}),
      ...(valueDate ? { valueDateTime: `${valueDate}T00:00:00Z` } : {}),
    })),
  },
  'dates-in-names': {
    about: 'The first reading has the day in front of names, `2026-03-07 REWE Markt GmbH`; later ones have not',
    reply: changeRows((row, { reading }) => {
      if (reading.number > 0 || !row.creditorName || !row.bookingDate) return row;
      return { ...row, creditorName: `${row.bookingDate} ${row.creditorName}` };
    }),
  },
  'value-date-filter': {
    about: 'Value dates lie up to five days before and ten days after the booking, and `dateFrom` means them',
    lookUp: (query) => ({ ...query, dateFrom: shiftDay(query.dateFrom, -farthestDays) }),
    reply: changeLists((rows, { status, reading }) => {
      const shifted = rows.map((row) => ({ ...row, ...toOffValueDate(row) }));
      if (status === 'pending') return shifted;
      // The query was widened by as much as value dates are off.
      const asked = shiftDay(reading.query.dateFrom, farthestDays);
      return shifted.filter(({ valueDate = '' }) => valueDate >= asked);
    }),
  },
} satisfies Record<string, Trait>;

const farthestDays = 10;

function toOffValueDate(row: Row): Pick<Row, 'valueDate'> {
  if (!row.bookingDate) return {};
  // What is valued so long before its booking that nobody asks for the day any more cannot be had of such a bank.
  const days = [0, 0, 0, -5, farthestDays, -2][rollDice(row, 6)] ?? 0;
  return { valueDate: shiftDay(row.bookingDate, days) };
}

/** Of a row with a date as the protocol has it. */
export function toDayOf(row: Row): number | null {
  return row.bookingDate === undefined ? null : toDayNumber(row.bookingDate);
}
