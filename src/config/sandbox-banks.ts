import { type BankEntry, type BankHabits, plainHabits, type ScaApproach } from '../domain/bank-entry.ts';
import { Secret } from '../domain/secret.ts';

interface Variant {
  id: string;
  name: string;
  bic: string;
  bankCode: string;
  path: string;
  approach: ScaApproach;
  habits?: Partial<BankHabits>;
}

const variants: readonly Variant[] = [
  {
    id: 'bank_sandbox',
    name: 'Sandbox Bank',
    bic: 'SBXBDEFFXXX',
    bankCode: '50010517',
    path: '',
    approach: 'redirect',
  },
  {
    id: 'bank_sandbox_decoupled',
    name: 'Sandbox Bank Decoupled',
    bic: 'SBXDDEFFXXX',
    bankCode: '50010518',
    path: '/decoupled',
    approach: 'decoupled',
  },
  {
    id: 'bank_sandbox_embedded',
    name: 'Sandbox Bank Embedded',
    bic: 'SBXEDEFFXXX',
    bankCode: '50010519',
    path: '/embedded',
    approach: 'embedded',
  },
  {
    id: 'bank_sandbox_oauth',
    name: 'Sandbox OAuth',
    bic: 'SBXODEFFXXX',
    bankCode: '50010520',
    path: '/oauth',
    approach: 'redirect',
    habits: {
      oauth: {
        clientId: 'tidewater',
        clientSecret: null,
        scope: null,
        metadataUrl: null,
        authorizationEndpoint: null,
        tokenEndpoint: null,
        when: 'sca',
      },
    },
  },
  {
    id: 'bank_sandbox_strict',
    name: 'Sandbox Decoupled strict',
    bic: 'SBXSDEFFXXX',
    bankCode: '50010521',
    path: '/decoupled-strict',
    approach: 'decoupled',
  },
  {
    id: 'bank_sandbox_by_iban',
    name: 'Sandbox by IBAN',
    bic: 'SBXIDEFFXXX',
    bankCode: '50010522',
    path: '/by-iban',
    approach: 'redirect',
  },
  {
    id: 'bank_sandbox_demanding',
    name: 'Sandbox demanding',
    bic: 'SBXNDEFFXXX',
    bankCode: '50010523',
    path: '/demanding',
    approach: 'redirect',
    // The key is the sandbox bank's own, and no secret.
    habits: { psuIdType: 'RETAIL', headers: { 'x-api-key': new Secret('sandbox-api-key') } },
  },
];

/** The sandbox bank as BANKS_FILE would list it: a bank for each SCA approach, the one with redirect first, and some with habits. */
export function sandboxBanks(baseUrl: string): BankEntry[] {
  return variants.map(({ path, approach, habits, ...names }) => ({
    ...names,
    country: 'DE',
    baseUrl: `${baseUrl}${path}`,
    preferredApproach: approach,
    scaValidityDays: 180,
    ownIpAddress: '127.0.0.1',
    clientCertificate: null,
    signingCertificate: null,
    certificateAuthority: null,
    ...plainHabits,
    ...habits,
  }));
}
