import { expect, it } from 'vitest';
import { findReturnUrlFault, withOutcome } from '../../src/consent/return-url.ts';

const returnOrigins = ['https://client.example', 'http://plain.example:8080'];

it.each([
  ['https://client.example/back', false, true],
  ['https://client.example/back?a=1#b', false, true],
  ['https://CLIENT.example/back', false, true],
  ['https://client.example:443/', false, true],
  ['http://plain.example:8080/x', false, true],
  ['http://plain.example/x', false, false],
  ['http://client.example/back', false, false],
  ['https://client.example:8443/back', false, false],
  ['https://client.example.evil.example/', false, false],
  ['https://evil.example/?https://client.example', false, false],
  ['https://sub.client.example/', false, false],
  ['https://user:secret@client.example/', false, false],
  ['https://client.example@evil.example/', false, false],
  ['//client.example/back', false, false],
  ['/back', false, false],
  ['javascript:alert(1)', false, false],
  ['data:text/html,hello', false, false],
  ['app.client://back', false, false],
  ['', false, false],
  ['http://localhost:3000/back', false, false],
  ['http://localhost:3000/back', true, true],
  ['http://127.0.0.1:3000/back', true, true],
  ['http://[::1]:3000/back', true, true],
  ['http://localhost.evil.example/back', true, false],
  ['http://127.0.0.1.evil.example/', true, false],
] as const)('%s, loopback allowed: %s; may be led to: %s', (returnUrl, allowLoopback, allowed) => {
  const fault = findReturnUrlFault(returnUrl, { returnOrigins, allowLoopback });
  expect(fault === null).toBe(allowed);
  if (fault) expect(fault.path).toBe('input.returnUrl');
});

it('puts the outcome into the address, over what it says already', () => {
  const session = { id: 'ses_1', status: 'COMPLETED' };
  expect(withOutcome('https://client.example/back?a=1&status=forged#part', session)).toBe(
    'https://client.example/back?a=1&status=COMPLETED&session=ses_1#part',
  );
});
