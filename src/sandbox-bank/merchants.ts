import { toIban } from './random.ts';

/** Somebody with whom the bank's customers have to do, and how it shows on the account. */
export interface Merchant {
  name: string;
  remittance: string;
  /** Domain, family and sub-family of ISO 20022. */
  code: string;
  /** The same in the German banks' own words: the three digits of an MT940, and a text. */
  proprietaryCode: string;
  bookingText: string;
  /** Cents, from and to. */
  range: [number, number];
  /** Null for payments by card: there the bank does not tell the account. */
  iban: string | null;
  about: MerchantDetails;
}

/** What is known of some merchants, and of others not. */
export interface MerchantDetails {
  /** ISO 20022 external purpose code. */
  purpose?: string;
  /** ISO 18245. */
  categoryCode?: string;
  /** Of direct debits. */
  creditorId?: string;
  /** On whose behalf the merchant acts. */
  ultimate?: string;
  /** Where the card is charged in another currency. */
  chargesIn?: string;
  /** Its invoices carry a creditor reference (ISO 11649). */
  invoices?: true;
}

type Row = [
  name: string,
  remittance: string,
  range: [number, number],
  about: MerchantDetails & { accountNumber?: string },
];

const byCard: Row[] = [
  ['REWE Markt GmbH', 'REWE SAGT DANKE', [-9_500, -800], { categoryCode: '5411' }],
  ['EDEKA Neukauf', 'EDEKA Kartenzahlung', [-8_700, -600], { categoryCode: '5411' }],
  ['dm-drogerie markt', 'dm Filiale Kartenzahlung', [-4_900, -395], { categoryCode: '5977' }],
  ['Café am Markt', 'Kartenzahlung', [-1_250, -250], { categoryCode: '5814' }],
  ['Bäckerei Sonnenschein', 'Kartenzahlung', [-1_480, -180], { categoryCode: '5462' }],
  ['Deutsche Bahn', 'Online-Ticket', [-12_900, -1_790], { categoryCode: '4112' }],
  ['Tankstelle Westend', 'Kraftstoff', [-9_900, -3_500], { categoryCode: '5542' }],
  ['Albert Heijn', 'Betaling', [-6_400, -300], { categoryCode: '5411' }],
  ['Pharmacie du Centre', 'Achat', [-4_200, -390], { categoryCode: '5912' }],
  ['Trattoria Da Luigi', 'Pagamento con carta', [-7_800, -1_900], { categoryCode: '5812', chargesIn: 'CHF' }],
  ['Buchhandlung Seitenweise', 'Kartenzahlung', [-5_200, -990], { categoryCode: '5942' }],
  ['Kino Lichtspiel', 'Online-Kauf', [-3_600, -950], { categoryCode: '7832' }],
];
const byDirectDebit: Row[] = [
  ['Stadtwerke', 'Abschlag Strom', [-11_000, -4_500], { accountNumber: '4711001', purpose: 'ELEC' }],
  ['Telefon & Netz AG', 'Rechnung Mobilfunk', [-4_999, -999], { accountNumber: '4711002', purpose: 'PHON' }],
  ['Sorglos Versicherung', 'Beitrag Haftpflicht', [-2_900, -690], { accountNumber: '4711003', purpose: 'INSU' }],
  ['Fitnesspark Mitte', 'Mitgliedsbeitrag', [-3_990, -1_990], { accountNumber: '4711004', purpose: 'SUBS' }],
  ['Rundfunk Beitragsservice', 'Rundfunkbeitrag', [-5_508, -1_836], { accountNumber: '4711005', purpose: 'FEES' }],
  [
    'Wochenblatt Verlag',
    'Abonnement',
    [-2_490, -990],
    { accountNumber: '4711006', purpose: 'SUBS', ultimate: 'Wochenblatt Leserservice' },
  ],
];
const byTransfer: Row[] = [
  ['Erika Beispiel', 'Anteil Abendessen', [-6_500, -900], { accountNumber: '8800101' }],
  [
    'Zahnarztpraxis Dr. Weiß',
    'Rechnung',
    [-24_000, -3_000],
    { accountNumber: '8800103', purpose: 'MDCS', invoices: true },
  ],
  ['Turnverein 1899', 'Jahresbeitrag', [-9_600, -3_600], { accountNumber: '8800104', purpose: 'FEES' }],
];
const received: Row[] = [
  ['Erika Beispiel', 'Danke für gestern', [500, 9_000], { accountNumber: '8800101' }],
  ['Max Mustermann', 'Konzertkarten', [1_500, 12_000], { accountNumber: '8800102' }],
  [
    'Finanzkasse Musterstadt',
    'Erstattung Einkommensteuer',
    [4_000, 68_000],
    { accountNumber: '8800105', purpose: 'TAXS' },
  ],
];
const rent: Row = [
  'Hausverwaltung Nord',
  'Miete und Nebenkosten',
  [-98_000, -62_000],
  { accountNumber: '8800106', purpose: 'RENT' },
];
const salary: Row = ['Muster AG', 'Gehalt', [210_000, 320_000], { accountNumber: '8800107', purpose: 'SALA' }];

/** The more often one stands here, the more often it occurs; what comes in makes up for what goes out. */
export const merchants: readonly Merchant[] = [
  ...byCard.map((row) => toMerchant(['PMNT-CCRD-POSD', '106', 'KARTENZAHLUNG'], row)),
  ...byDirectDebit.map((row) => toMerchant(['PMNT-RDDT-ESDD', '105', 'FOLGELASTSCHRIFT'], row)),
  ...byTransfer.map((row) => toMerchant(['PMNT-ICDT-ESCT', '116', 'ONLINE-UEBERWEISUNG'], row)),
  toMerchant(['PMNT-ICDT-STDO', '117', 'DAUERAUFTRAG'], rent),
  ...received.map((row) => toMerchant(['PMNT-RCDT-ESCT', '166', 'GUTSCHR. UEBERWEISUNG'], row)),
  toMerchant(['PMNT-RCDT-SALA', '153', 'LOHN GEHALT'], salary),
];

function toMerchant(kind: [code: string, digits: string, text: string], row: Row): Merchant {
  const [code, proprietaryCode, bookingText] = kind;
  const [name, remittance, range, { accountNumber, ...about }] = row;
  return {
    name,
    remittance,
    code,
    proprietaryCode,
    bookingText,
    range,
    iban: accountNumber ? toIban('10050000', accountNumber) : null,
    about: code === 'PMNT-RDDT-ESDD' ? { ...about, creditorId: toCreditorId(accountNumber ?? '') } : about,
  };
}

/** In the form of a German creditor identifier: check digits, business code, and a national number of 11 digits. */
function toCreditorId(number: string): string {
  const national = `0${number.padStart(10, '0')}`;
  const check = 98n - (BigInt(`${national}131400`) % 97n);
  return `DE${check.toString().padStart(2, '0')}ZZZ${national}`;
}
