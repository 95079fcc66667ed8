import { shiftDay } from './days.ts';
import type { Person, PersonAccount } from './person.ts';
import { type BankEntryLine, toAmount } from './transaction-generator.ts';

/** An entry of an account as NextGenPSD2 has it in JSON. What a trait may take away is optional. */
export type PlainTransaction = {
  transactionAmount: { currency: string; amount: string };
  bookingDate?: string;
  valueDate?: string;
  [name: string]: unknown;
};

/** The bank of all transfers of the sandbox. */
const counterpartyBic = 'BELADEBEXXX';

export function toTransaction(
  line: BankEntryLine,
  { account, person }: { account: PersonAccount; person: Person },
): PlainTransaction {
  const { merchant } = line;
  const isBooked = line.status === 'booked';
  return {
    ...(account.identified ? { transactionId: line.id, endToEndId: line.id.slice(0, 18) } : {}),
    ...(account.identified && isBooked ? { entryReference: line.id.slice(0, 13) } : {}),
    ...toMandate(line, person),
    transactionAmount: { currency: account.currency, amount: toAmount(line.cents) },
    ...(isBooked ? { bookingDate: line.day, valueDate: line.day } : {}),
    ...toParties(line, account, person),
    remittanceInformationUnstructured: line.remittance,
    ...(merchant.about.invoices ? { remittanceInformationStructured: toInvoiceReference(line.id) } : {}),
    ...(merchant.about.purpose ? { purposeCode: merchant.about.purpose } : {}),
    bankTransactionCode: merchant.code,
    proprietaryBankTransactionCode: merchant.proprietaryCode,
    additionalInformation: merchant.bookingText,
    ...toPurchase(line, account),
    ...(line.afterCents === undefined || !account.identified
      ? {}
      : { balanceAfterTransaction: toBalance('interimBooked', line.afterCents, account) }),
  };
}

/** A card account's entries have fields of their own. */
export function toCardTransaction(line: BankEntryLine, account: PersonAccount): PlainTransaction {
  const { merchant } = line;
  const isBooked = line.status === 'booked';
  return {
    cardTransactionId: line.id.replaceAll('-', ''),
    ...(isBooked ? { bookingDate: line.day } : {}),
    transactionAmount: { currency: account.currency, amount: toAmount(line.cents) },
    cardAcceptorId: line.id.slice(-12),
    cardAcceptorName: merchant.name,
    maskedPAN: account.maskedPan,
    transactionDetails: line.remittance,
    proprietaryBankTransactionCode: merchant.proprietaryCode,
    ...toPurchase(line, account),
  };
}

export function toBalance(balanceType: string, cents: number, { currency }: PersonAccount) {
  return { balanceAmount: { currency, amount: toAmount(cents) }, balanceType };
}

function toParties(line: BankEntryLine, account: PersonAccount, person: Person) {
  const { name, iban, about } = line.merchant;
  const own = { iban: account.iban, currency: account.currency };
  if (line.cents < 0) {
    return {
      creditorName: name,
      ...(iban ? { creditorAccount: { iban }, creditorAgent: counterpartyBic } : {}),
      ...(about.ultimate ? { ultimateCreditor: about.ultimate } : {}),
    };
  }
  return {
    debtorName: name,
    ...(iban ? { debtorAccount: { iban }, debtorAgent: counterpartyBic } : {}),
    creditorName: person.ownerName,
    creditorAccount: own,
  };
}

function toMandate({ merchant }: BankEntryLine, { psuId }: Person) {
  const { creditorId } = merchant.about;
  return creditorId ? { mandateId: `M-${creditorId.slice(-5)}-${psuId}`.slice(0, 35), creditorId } : {};
}

/** What a payment by card tells besides: the trade, the day of the purchase, and the price where it was in another currency. */
function toPurchase({ merchant, cents, id, status, day }: BankEntryLine, { currency }: PersonAccount) {
  const { categoryCode, chargesIn = 'EUR' } = merchant.about;
  if (!categoryCode) return {};
  const dice = Number.parseInt(id.slice(0, 4), 16);
  const isAbroad = chargesIn !== currency;
  // Ten-thousandths of the account's currency for one of the merchant's.
  const rate = 10_200 + (dice % 900);
  return {
    merchantCategoryCode: categoryCode,
    ...(status === 'booked' ? { transactionDate: shiftDay(day, -(dice % 2)) } : {}),
    ...(isAbroad
      ? {
          originalAmount: { currency: chargesIn, amount: toAmount(Math.round((cents * 10_000) / rate)) },
          currencyExchange: [
            {
              sourceCurrency: chargesIn,
              exchangeRate: (rate / 10_000).toFixed(4),
              unitCurrency: chargesIn,
              targetCurrency: currency,
              quotationDate: day,
            },
          ],
        }
      : {}),
  };
}

/** ISO 11649: RF, two check digits and a reference of the creditor's. */
function toInvoiceReference(id: string) {
  const invoice = String(Number.parseInt(id.slice(0, 8), 16)).padStart(10, '0');
  const check = 98n - (BigInt(`${invoice}271500`) % 97n);
  return { reference: `RF${check.toString().padStart(2, '0')}${invoice}`, referenceType: 'SCOR' };
}
