import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { readForm, readPsu } from '../../../src/http/pages/page-request.ts';

function requestFrom(remoteAddress: string | undefined, headers: Record<string, string> = {}): IncomingMessage {
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage;
}

it.each<[who: string, socket: string | undefined, forwarded: string | null, address: string]>([
  ['whoever calls directly', '93.184.216.34', null, '93.184.216.34'],
  ['an IPv4 caller on an IPv6 socket', '::ffff:93.184.216.34', null, '93.184.216.34'],
  ['the end user behind our proxy', '10.0.0.7', '93.184.216.34', '93.184.216.34'],
  ['the end user behind two proxies of ours', '127.0.0.1', '93.184.216.34, 10.0.0.9', '93.184.216.34'],
  [
    'the address that our proxy has seen, not one made up before it',
    '10.0.0.7',
    '8.8.8.8, 93.184.216.34',
    '93.184.216.34',
  ],
  ['the socket, where a stranger sends the header', '93.184.216.34', '8.8.8.8', '93.184.216.34'],
  ['the socket, where the header says nothing', '10.0.0.7', 'unknown, ', '10.0.0.7'],
  ['an IPv6 end user', '::1', '2606:2800:220:1::1', '2606:2800:220:1::1'],
  ['somebody who has gone already', undefined, null, '127.0.0.1'],
])('takes for the end user %s', (_who, socket, forwarded, address) => {
  const request = requestFrom(socket, forwarded === null ? {} : { 'x-forwarded-for': forwarded });
  expect(readPsu(request).ipAddress).toBe(address);
});

it('hands on the browser’s name, however long, in part', () => {
  expect(readPsu(requestFrom('127.0.0.1'))).toEqual({ ipAddress: '127.0.0.1' });
  expect(readPsu(requestFrom('127.0.0.1', { 'user-agent': 'x'.repeat(9_000) })).userAgent).toHaveLength(500);
});

function formRequest(body: string): IncomingMessage {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return Object.assign(Readable.from([Buffer.from(body)]), { headers }) as unknown as IncomingMessage;
}

it('reads what the pages’ forms have, trims it, and keeps a password as it was typed', async () => {
  const read = await readForm(
    formRequest('psu_id=%20anna%20&password=%20p%20&otp=&other=1&__proto__=x'),
    'https://ours.example',
  );
  expect(read).toEqual({
    form: {
      bankId: null,
      bankLoginId: null,
      psu_id: 'anna',
      corporate_id: null,
      iban: null,
      password: ' p ',
      methodId: null,
      otp: null,
      decision: null,
      code: null,
      state: null,
      handover: null,
    },
  });
});

it('refuses fields that are longer than any bank’s', async () => {
  for (const field of ['psu_id', 'password', 'otp', 'bankId']) {
    expect(await readForm(formRequest(`${field}=${'x'.repeat(300)}`), 'https://ours.example')).toEqual({
      refusal: 400,
    });
  }
});
