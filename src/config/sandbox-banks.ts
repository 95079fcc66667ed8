import { type BankEntry, plainHabits, type ScaApproach } from '../domain/bank-entry.ts';

const variants: ReadonlyArray<{
  id: string;
  name: string;
  bic: string;
  bankCode: string;
  path: string;
  approach: ScaApproach;
}> = [
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
];

/** The sandbox bank as BANKS_FILE would list it: one bank for each SCA approach, the one with redirect first. */
export function sandboxBanks(baseUrl: string): BankEntry[] {
  return variants.map(({ path, approach, ...names }) => ({
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
  }));
}
