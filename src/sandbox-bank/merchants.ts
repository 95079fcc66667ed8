import { toIban } from './random.ts';

/** Somebody with whom the bank's customers have to do, and how it shows on the account. */
export interface Merchant {
  name: string;
  remittance: string;
  /** Domain, family and sub-family of ISO 20022. */
  code: string;
  /** Cents, from and to. */
  range: [number, number];
  /** Null for payments by card: there the bank does not tell the account. */
  iban: string | null;
}

type Row = [name: string, remittance: string, range: [number, number], accountNumber?: string];

const byCard: Row[] = [
  ['REWE Markt GmbH', 'REWE SAGT DANKE', [-9_500, -800]],
  ['EDEKA Neukauf', 'EDEKA Kartenzahlung', [-8_700, -600]],
  ['dm-drogerie markt', 'dm Filiale Kartenzahlung', [-4_900, -395]],
  ['Café am Markt', 'Kartenzahlung', [-1_250, -250]],
  ['Bäckerei Sonnenschein', 'Kartenzahlung', [-1_480, -180]],
  ['Deutsche Bahn', 'Online-Ticket', [-12_900, -1_790]],
  ['Tankstelle Westend', 'Kraftstoff', [-9_900, -3_500]],
  ['Albert Heijn', 'Betaling', [-6_400, -300]],
  ['Pharmacie du Centre', 'Achat', [-4_200, -390]],
  ['Trattoria Da Luigi', 'Pagamento con carta', [-7_800, -1_900]],
  ['Buchhandlung Seitenweise', 'Kartenzahlung', [-5_200, -990]],
  ['Kino Lichtspiel', 'Online-Kauf', [-3_600, -950]],
];
const byDirectDebit: Row[] = [
  ['Stadtwerke', 'Abschlag Strom', [-11_000, -4_500], '4711001'],
  ['Telefon & Netz AG', 'Rechnung Mobilfunk', [-4_999, -999], '4711002'],
  ['Sorglos Versicherung', 'Beitrag Haftpflicht', [-2_900, -690], '4711003'],
  ['Fitnesspark Mitte', 'Mitgliedsbeitrag', [-3_990, -1_990], '4711004'],
  ['Rundfunk Beitragsservice', 'Rundfunkbeitrag', [-5_508, -1_836], '4711005'],
  ['Wochenblatt Verlag', 'Abonnement', [-2_490, -990], '4711006'],
];
const byTransfer: Row[] = [
  ['Erika Beispiel', 'Anteil Abendessen', [-6_500, -900], '8800101'],
  ['Zahnarztpraxis Dr. Weiß', 'Rechnung', [-24_000, -3_000], '8800103'],
  ['Turnverein 1899', 'Jahresbeitrag', [-9_600, -3_600], '8800104'],
];
const received: Row[] = [
  ['Erika Beispiel', 'Danke für gestern', [500, 9_000], '8800101'],
  ['Max Mustermann', 'Konzertkarten', [1_500, 12_000], '8800102'],
  ['Finanzkasse Musterstadt', 'Erstattung Einkommensteuer', [4_000, 68_000], '8800105'],
];

/** The more often one stands here, the more often it occurs; what comes in makes up for what goes out. */
export const merchants: readonly Merchant[] = [
  ...byCard.map((row) => toMerchant('PMNT-CCRD-POSD', row)),
  ...byDirectDebit.map((row) => toMerchant('PMNT-RDDT-ESDD', row)),
  ...byTransfer.map((row) => toMerchant('PMNT-ICDT-ESCT', row)),
  toMerchant('PMNT-ICDT-STDO', ['Hausverwaltung Nord', 'Miete und Nebenkosten', [-98_000, -62_000], '8800106']),
  ...received.map((row) => toMerchant('PMNT-RCDT-ESCT', row)),
  toMerchant('PMNT-RCDT-SALA', ['Muster AG', 'Gehalt', [210_000, 320_000], '8800107']),
];

function toMerchant(code: string, [name, remittance, range, accountNumber]: Row): Merchant {
  return { name, remittance, code, range, iban: accountNumber ? toIban('10050000', accountNumber) : null };
}
