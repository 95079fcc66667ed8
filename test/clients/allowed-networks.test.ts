import { expect, test } from 'vitest';
import { findNetworkFaults, isUsableFrom } from '../../src/clients/allowed-networks.ts';

test.each<[networks: string[], address: string, usable: boolean]>([
  [[], '203.0.113.7', true],
  [[], '', true],
  [['203.0.113.0/24'], '203.0.113.255', true],
  [['203.0.113.0/24'], '203.0.114.0', false],
  [['203.0.113.7/32'], '203.0.113.7', true],
  [['203.0.113.7/32'], '203.0.113.8', false],
  [['203.0.113.0/24'], '::ffff:203.0.113.7', true],
  [['203.0.113.0/24'], '2001:db8::1', false],
  [['2001:db8::/32'], '2001:db8:ffff::1', true],
  [['2001:db8::/32'], '203.0.113.7', false],
  [['::/0'], '203.0.113.7', false],
  [['::/0'], '2001:db8::1', true],
  [['0.0.0.0/0'], '203.0.113.7', true],
  [['0.0.0.0/0'], '2001:db8::1', false],
  [['10.0.0.0/8', '203.0.113.0/24'], '203.0.113.7', true],
  [['10.0.0.0/8'], '', false],
  [['10.0.0.0/8'], 'somewhere', false],
  [['no network'], '203.0.113.7', false],
])('a key for %j is used from %s: %s', (networks, address, usable) => {
  expect(isUsableFrom(networks, address)).toBe(usable);
});

test('what is no network in CIDR notation is named by its place; more than fifty are too many', () => {
  const faulty = [
    '10.0.0.0',
    '10.0.0.0/33',
    '0x0a.0.0.0/8',
    '010.0.0.0/8',
    '10/8',
    '::1/129',
    'fe80::%1/64',
    '/8',
    'all',
  ];
  expect(findNetworkFaults(['10.0.0.0/8', ...faulty], 'at').map(({ path }) => path)).toEqual(
    faulty.map((_, n) => `at.${n + 1}`),
  );
  expect(findNetworkFaults(Array(51).fill('10.0.0.0/8'), 'at')).toMatchObject([{ path: 'at' }]);
  expect(findNetworkFaults(['0.0.0.0/0', '::/0', '2001:DB8::/32'], 'at')).toEqual([]);
});
