import { dayOf, shiftDay } from '../days.ts';
import { changeLists, changeReport, type Row, rollDice } from './rows.ts';
import type { Trait } from './trait.ts';

export const repeatTraits = {
  'empty-once': {
    about: 'The second reading is empty: `booked` and `pending` are empty lists',
    reply: changeLists((rows, { reading }) => (reading.number === 1 ? [] : rows)),
  },
  'shortened-once': {
    about: 'The second reading lacks the five latest entries',
    reply: changeLists((rows, { status, reading }) =>
      reading.number === 1 && reading.isLastPage && status === 'booked' ? rows.slice(0, -5) : rows,
    ),
  },
  'rows-come-back': {
    about: 'The second and the third reading lack some entries, which are there again in the fourth',
    reply: changeLists((rows, { status, reading }) =>
      status === 'booked' && (reading.number === 1 || reading.number === 2)
        ? rows.filter((row) => rollDice(row, 5) > 0)
        : rows,
    ),
  },
  'rows-twice': {
    about: 'Some entries with ids come twice in a reply',
    reply: changeLists((rows) =>
      rows.flatMap((row) => (row.transactionId !== undefined && rollDice(row, 4) === 0 ? [row, row] : [row])),
    ),
  },
  'pending-beside-booked': {
    about: 'The latest booked entry is there as a pending one, too, with another id, for two days',
    reply: changeReport((report, { reading, now }) => {
      const latest = (report.booked as Row[] | undefined)?.at(-1);
      const isOld = !latest?.bookingDate || latest.bookingDate < shiftDay(dayOf(now), -2);
      if (!latest || isOld || !Array.isArray(report.pending) || !reading?.isLastPage) return report;
      const { bookingDate: _b, valueDate: _v, entryReference: _e, balanceAfterTransaction: _a, ...announced } = latest;
      const { transactionId: id } = latest;
      const pending = { ...announced, ...(id === undefined ? {} : { transactionId: `announced-${id}` }) };
      return { ...report, pending: [...report.pending, pending] };
    }),
  },
  'other-order': {
    about: 'Every reading has the entries in another order',
    reply: changeLists((rows, { reading }) =>
      rows
        .map((row, index) => ({ row, key: rollDice(row, 97) * (reading.number + 2) + index * 31 }))
        .sort((a, b) => (a.key % 89) - (b.key % 89))
        .map(({ row }) => row),
    ),
  },
} satisfies Record<string, Trait>;
