import type { FetchedTransaction } from '../../src/domain/transaction-fields.ts';
import type { Row } from '../../src/sandbox-bank/traits/rows.ts';
import { joinTraits, type TraitCall, type TraitReply } from '../../src/sandbox-bank/traits/trait.ts';
import { selectTraits, type TraitName } from '../../src/sandbox-bank/traits/trait-table.ts';
import type { IdHabit, Payment } from './changing-bank.ts';
import { bankTransaction } from './scripted-bank.ts';

/** Habits of telling payments apart: which there are in a reply, and what names them. The sandbox bank's own traits. */
export const tellingTraits = [
  'date-from-ignored',
  'value-date-filter',
  'empty-once',
  'shortened-once',
  'rows-come-back',
  'rows-twice',
  'pending-beside-booked',
  'pages-overlap',
  'ids-repeated',
  'placeholder-ids',
  'ids-used-again',
  'references-restart',
  'ids-change',
  'dates-in-names',
] as const satisfies readonly TraitName[];
export type TellingTrait = (typeof tellingTraits)[number];

/** A payment as a reply told of it. */
export interface ToldPayment {
  n: number;
  status: 'BOOKED' | 'PENDING';
  amount: string;
  name: string;
  text: string;
  bookedOn: string | null;
  valueDate: string | null;
}

const paymentNumber = Symbol('the payment that a row is of');
const listed = Symbol('the list that a row is in');
/** Its status stands beside it: the protocol has it in the list that the row is in. */
export type ToldRow = Row & { [paymentNumber]: number; [listed]: 'BOOKED' | 'PENDING' };

/** By which habits ids name nothing that lasts. */
const nameless: readonly TraitName[] = [
  'ids-repeated',
  'placeholder-ids',
  'ids-used-again',
  'references-restart',
  'ids-change',
];

/** A bank has but one way of naming; what comes twice is known by a name that lasts. */
export function toKindOfTrait(trait: TellingTrait): string {
  return trait === 'rows-twice' || nameless.includes(trait) ? 'of naming' : trait;
}

/** Whether a payment that is booked with another amount than announced can be known again. */
export function isNamedForGood(habit: IdHabit, traits: readonly TraitName[]): boolean {
  return habit === 'always' && !traits.some((trait) => nameless.includes(trait));
}

/** Whether two rows may be equal in all that they say. */
export function meetEqual(habit: IdHabit, traits: readonly TraitName[]): boolean {
  const isWithoutId = habit === 'never' || habit === 'when booked' || traits.some((trait) => nameless.includes(trait));
  return isWithoutId && !tellsCoffeesTwice(traits);
}

const anew: readonly TraitName[] = ['empty-once', 'shortened-once', 'rows-come-back', 'ids-change', 'dates-in-names'];

/** Whether one reading is told otherwise than the one before, though nothing has happened. */
export function tellsAnew(traits: readonly TraitName[]): boolean {
  return traits.some((trait) => anew.includes(trait));
}

const twice: readonly TraitName[] = ['pages-overlap', 'pending-beside-booked', 'ids-repeated', 'dates-in-names'];

/** Two equal coffees cannot be told from one that is told twice, in other words, or left out for once: each has its text. */
export function tellsCoffeesTwice(traits: readonly TraitName[]): boolean {
  return traits.some((trait) => twice.includes(trait)) || tellsAnew(traits);
}

export interface RowQuestion {
  habit: IdHabit;
  traits: readonly TraitName[];
  consentId: string;
  currency: string;
  payments: readonly Payment[];
  call: TraitCall;
}

/** What the bank says of its payments: in the protocol's words, as its habits of telling have it. */
export function toTellingReply({ payments, traits, call, ...given }: RowQuestion): TraitReply {
  const rows = (isBooked: boolean) =>
    payments.filter(({ bookedOn }) => (bookedOn !== null) === isBooked).map((payment) => toRow(payment, given));
  const transactions = { booked: rows(true), pending: rows(false), _links: { account: { href: '/v1/accounts/1' } } };
  const habits = joinTraits(selectTraits(traits.filter((name) => (tellingTraits as readonly string[]).includes(name))));
  return habits.reply({ status: 200, json: { transactions } }, call);
}

/** Booked ones first. */
export function toToldRows({ json }: TraitReply): ToldRow[] {
  const lists = json?.transactions as { booked: ToldRow[]; pending: ToldRow[] } | undefined;
  return [
    ...(lists?.booked ?? []).map((row) => ({ ...row, [listed]: 'BOOKED' as const })),
    ...(lists?.pending ?? []).map((row) => ({ ...row, [listed]: 'PENDING' as const })),
  ];
}

export function isBooked(row: ToldRow): boolean {
  return row[listed] === 'BOOKED';
}

/** A booked entry says more than its announcement beside it. */
export function toTold(rows: readonly ToldRow[]): ToldPayment[] {
  const told = new Map<number, ToldPayment>();
  for (const row of rows) if (!isBooked(row)) told.set(row[paymentNumber], toPayment(row));
  for (const row of rows) if (isBooked(row)) told.set(row[paymentNumber], toPayment(row));
  return [...told.values()];
}

/** As the adapter would read it. */
export function toFetched(row: ToldRow, currency: string): FetchedTransaction {
  return bankTransaction({
    status: row[listed],
    bankTransactionId: row.transactionId === undefined ? null : String(row.transactionId),
    entryReference: row.entryReference === undefined ? null : String(row.entryReference),
    amount: { amount: String(row.transactionAmount.amount), currency },
    bookingDate: row.bookingDate ?? null,
    valueDate: row.valueDate ?? null,
    counterpartyName: row.creditorName ?? null,
    remittanceInformation: row.remittanceInformationUnstructured ?? null,
  });
}

function toPayment(row: ToldRow): ToldPayment {
  return {
    n: row[paymentNumber],
    status: row[listed],
    amount: String(row.transactionAmount.amount),
    name: row.creditorName ?? '',
    text: row.remittanceInformationUnstructured ?? '',
    bookedOn: row.bookingDate ?? null,
    valueDate: row.valueDate ?? null,
  };
}

/** Some banks give other ids under another consent: here those whose consents end in this. Statements have 16 letters for one. */
export const bringsNewIds = 'n';

function toRow(payment: Payment, given: Pick<RowQuestion, 'habit' | 'consentId' | 'currency'>) {
  const { n, amount, name, text, bookedOn } = payment;
  const { habit, consentId, currency } = given;
  const id = `${consentId.endsWith(bringsNewIds) ? consentId : 'id'} ${n}`;
  const hasId = habit === 'always' || (bookedOn !== null && habit !== 'never');
  return {
    [paymentNumber]: n,
    ...(hasId ? { transactionId: id } : {}),
    ...(habit === 'a reference first' ? { entryReference: `ref ${id}` } : {}),
    transactionAmount: { amount, currency },
    ...(bookedOn === null ? {} : { bookingDate: bookedOn }),
    creditorName: name,
    remittanceInformationUnstructured: text,
    bankTransactionCode: 'PMNT-CCRD-POSD',
  };
}
