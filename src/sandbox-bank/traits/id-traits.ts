import { toDayOf } from './date-traits.ts';
import { changeLists, changeRows, type Row, rollDice } from './rows.ts';
import type { Trait } from './trait.ts';

function withoutIds({
  transactionId: _t,
  cardTransactionId: _c,
  entryReference: _e,
  endToEndId: _n,
  ...row
}: Row): Row {
  return row;
}

/** Names every row by its day and its number on that day, which stay as long as the day is shown whole. */
function numberByDay(name: (row: Row, day: number, number: number) => Row) {
  return changeLists((rows) => {
    const counts = new Map<number, number>();
    return rows.map((row) => {
      const day = toDayOf(row);
      if (day === null) return withoutIds(row);
      const number = (counts.get(day) ?? 0) + 1;
      counts.set(day, number);
      return name(withoutIds(row), day, number);
    });
  });
}

const placeholders = ['NOTPROVIDED', 'NONREF', '0', ' '];

export const idTraits = {
  'no-ids': {
    about: 'Transactions have neither ids nor references',
    reply: changeRows(withoutIds),
  },
  'ids-when-booked': {
    about: 'Transactions have ids and references once they are booked',
    reply: changeRows((row, { status }) => (status === 'booked' ? row : withoutIds(row))),
  },
  'ids-as-numbers': {
    about: 'Ids, references and codes are JSON numbers',
    reply: changeRows((row) => {
      const changed = { ...row };
      for (const name of ['transactionId', 'cardTransactionId', 'entryReference'] as const) {
        if (row[name] !== undefined)
          changed[name] = Number.parseInt(String(row[name]).replaceAll('-', '').slice(0, 12), 16);
      }
      for (const name of ['proprietaryBankTransactionCode', 'merchantCategoryCode']) {
        if (row[name] !== undefined) changed[name] = Number(row[name]);
      }
      return changed;
    }),
  },
  'ids-repeated': {
    about: 'All entries booked on a day have the same id and reference; pending ones have none',
    reply: changeRows((row) => {
      if (!row.bookingDate) return withoutIds(row);
      const id = `day-${row.bookingDate}`;
      return { ...withoutIds(row), transactionId: id, entryReference: id };
    }),
  },
  'placeholder-ids': {
    about: 'Ids and references are `NOTPROVIDED`, `NONREF`, `0` or a blank',
    reply: changeRows((row) => ({
      ...row,
      transactionId: placeholders[rollDice(row, 4)] as string,
      entryReference: 'NOTPROVIDED',
      endToEndId: 'NOTPROVIDED',
    })),
  },
  'ids-used-again': {
    about: 'Ids come again after three weeks, for other payments',
    reply: numberByDay((row, day, number) => ({ ...row, transactionId: `TX-${day % 21}-${number}` })),
  },
  'references-restart': {
    about: 'There are references alone, which restart every month: `1003-1` is the first of the tenth day',
    reply: numberByDay((row, _day, number) => ({ ...row, entryReference: `${row.bookingDate?.slice(8)}-${number}` })),
  },
  'ids-change': {
    about: 'Every reading brings other ids',
    reply: changeRows((row, { reading }) => ({
      ...withoutIds(row),
      ...(row.transactionId === undefined ? {} : { transactionId: `${reading.number}-${row.transactionId}` }),
      ...(row.cardTransactionId === undefined
        ? {}
        : { cardTransactionId: `${reading.number}-${row.cardTransactionId}` }),
    })),
  },
} satisfies Record<string, Trait>;
