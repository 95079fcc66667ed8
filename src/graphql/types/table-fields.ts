import type { FieldMap, ObjectFieldBuilder } from '@pothos/core';
import { type AccountIdentification, type Field, type FieldTable, isEnumField } from '../../domain/field-table.ts';
import { builder } from '../builder.ts';
import { Money } from './money.ts';

const AccountIdentificationType = builder.objectRef<AccountIdentification>('AccountIdentification').implement({
  description: 'How an account is named. At least one of the fields is set.',
  fields: (t) => ({
    iban: t.exposeString('iban', { nullable: true, description: 'The IBAN.' }),
    bban: t.exposeString('bban', { nullable: true, description: 'The national account number.' }),
    maskedPan: t.exposeString('maskedPan', { nullable: true, description: 'The number of a card, masked.' }),
    other: t.exposeString('other', {
      nullable: true,
      description: 'Whatever else names it: a phone number, a number of the bank’s own.',
    }),
  }),
});

const enums = {
  TransactionStatus: builder.enumType('TransactionStatus', {
    description: 'Whether a transaction is final.',
    values: {
      BOOKED: { description: 'Booked by the bank: final.' },
      PENDING: { description: 'Announced: it may still change or vanish.' },
    } as const,
  }),
  AccountKind: builder.enumType('AccountKind', {
    description: 'What an account is.',
    values: {
      CASH: { description: 'A payment or savings account.' },
      CARD: { description: 'The account of a card.' },
    } as const,
  }),
};
export const { TransactionStatus } = enums;

const types = {
  text: 'String',
  date: 'Date',
  time: 'DateTime',
  decimal: 'Decimal',
  boolean: 'Boolean',
  money: Money,
  identification: AccountIdentificationType,
  json: 'JSON',
} as const;

type Types = typeof builder.$inferSchemaTypes;

/** A field of the API for each of a table, with its type, whether it may be null, and its description. */
export function tableFields<Row extends object>(t: ObjectFieldBuilder<Types, Row>, table: FieldTable): FieldMap {
  return Object.fromEntries(Object.entries(table).map(([name, field]) => [name, tableField(t, name, field)]));
}

function tableField<Row extends object>(t: ObjectFieldBuilder<Types, Row>, name: string, field: Field) {
  const { kind, nullable, description } = field;
  const type = isEnumField(field) ? enums[field.enumName as keyof typeof enums] : types[kind];
  // A table of fields has made the row as well, so that each is there with the type that its kind says.
  const resolve = (row: Row) => (row as Record<string, unknown>)[name] as never;
  return t.field({ type, nullable, description, resolve });
}
