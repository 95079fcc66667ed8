import { expect, it, test } from 'vitest';
import { parseBanksFile } from '../../src/config/banks-file.ts';

const bank = { id: 'bank_a', name: 'A', country: 'DE', baseUrl: 'https://a.example' };
const endpoints = { authorizationEndpoint: 'https://a.example/authorize', tokenEndpoint: 'https://a.example/token' };
const files: Record<string, string> = { '/etc/secret.txt': 'hush\n', '/etc/key.txt': 'k-1', '/etc/bank.pem': 'PEM' };

function parse(entry: object) {
  return parseBanksFile('/etc/banks.json', (path) => {
    if (path === '/etc/banks.json') return JSON.stringify([{ ...bank, ...entry }]);
    const text = files[path];
    if (text === undefined) throw new Error(`ENOENT: ${path}`);
    return text;
  });
}

function faultsOf(entry: object): string[] {
  const parsed = parse(entry);
  return 'faults' in parsed ? parsed.faults : [];
}

function entryOf(entry: object) {
  const parsed = parse(entry);
  if ('faults' in parsed) throw new Error(parsed.faults.join('\n'));
  return parsed.entries[0];
}

it('takes a bank that says nothing of itself for one without habits', () => {
  expect(entryOf({})).toMatchObject({
    protocol: 'berlin-group',
    oauth: null,
    consentModel: 'auto',
    asksPsuId: false,
    psuIdType: null,
    psuCorporateIdType: null,
    headers: {},
    signedHeaders: null,
    formats: ['json', 'camt', 'mt940'],
    amountSign: 'as-sent',
    historyDays: null,
    parallelCalls: 4,
    passwordKey: null,
  });
});

it('reads secrets from files beside the list, and shows none of them when it is printed', () => {
  const entry = entryOf({
    oauth: { clientId: 'PSDDE-1', clientSecretFile: 'secret.txt', when: 'instead', scope: 'accounts', ...endpoints },
    headers: { 'X-API-Key': { file: 'key.txt' }, 'X-Channel': 'psd2' },
    passwordKeyFile: 'bank.pem',
  });
  expect(entry?.oauth?.clientSecret?.reveal()).toBe('hush');
  expect(entry?.headers['x-api-key']?.reveal()).toBe('k-1');
  expect(entry?.headers['x-channel']?.reveal()).toBe('psd2');
  expect(entry?.passwordKey).toBe('PEM');
  expect(JSON.stringify(entry)).not.toMatch(/hush|k-1/);
});

test.each<[what: string, entry: object, fault: RegExp]>([
  ['an unknown field', { oauht: {} }, /bank_a.*oauht/],
  ['an unknown field of oauth', { oauth: { clientId: 'c', grant: 'x' } }, /oauth \(bank_a\).*grant/],
  ['a file that is not there', { passwordKeyFile: 'gone.pem' }, /bank_a.*ENOENT: \/etc\/gone\.pem/],
  ['one endpoint of two', { oauth: { clientId: 'c', tokenEndpoint: 'https://a.example/t' } }, /need each other/],
  [
    'OAuth before the consent that leads nowhere',
    { oauth: { clientId: 'c', scope: 's', when: 'instead' } },
    /metadata/,
  ],
  ['OAuth without a consent or a scope', { oauth: { clientId: 'c', when: 'instead', ...endpoints } }, /scope/],
  ['a header that is ours', { headers: { 'Consent-ID': 'c' } }, /bank_a.*sent by Tidewater itself/],
  ['a format that we cannot read', { formats: ['pdf'] }, /formats\.0 \(bank_a\)/],
  ['a format named twice', { formats: ['json', 'json'] }, /twice/],
  ['an empty history', { historyDays: 0 }, /historyDays \(bank_a\)/],
])('refuses %s, and names the bank', (_what, entry, fault) => {
  expect(faultsOf(entry).join('\n')).toMatch(fault);
});
