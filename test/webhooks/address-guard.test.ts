import { once } from 'node:events';
import { type AddressInfo, createServer, isIP } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isAllowed, parseNetworks } from '../../src/webhooks/address-guard.ts';
import { findAddressFault } from '../../src/webhooks/endpoint-address.ts';
import type { Resolve } from '../../src/webhooks/name-resolution.ts';
import { createWebhookSender } from '../../src/webhooks/webhook-sender.ts';

const refused = [
  // loopback, this network
  ...['127.0.0.1', '127.0.0.2', '127.1.2.3', '127.255.255.255', '::1', '0:0:0:0:0:0:0:1', '0.0.0.0', '0.1.2.3', '::'],
  // private, shared
  ...['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.255'],
  ...['100.64.0.1', '100.127.255.255', '100.100.100.200'],
  // link-local, metadata
  ...['169.254.0.1', '169.254.169.254', '169.254.170.2', '168.63.129.16', '192.0.0.192', 'fe80::1', 'fe80::1%eth0'],
  ...['febf::1', 'fd00:ec2::254', 'fec0::1'],
  // unique-local, multicast, broadcast
  ...['fc00::1', 'fd12:3456:789a::1', '224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1', '255.255.255.255'],
  // reserved, documentation, benchmarking
  ...[
    '192.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.1',
    '203.0.113.1',
    '240.0.0.1',
    '192.88.99.1',
  ],
  ...['2001:db8::1', '2001:2::1', '3fff::1', '100::1', '5f00::1', '4000::1'],
  // IPv4 in IPv6: mapped, compatible, translated, 6to4, Teredo, ISATAP of a link-local prefix
  ...[
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
    '::ffff:169.254.169.254',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
  ],
  ...['::ffff:0:127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::10.0.0.1', '64:ff9b::169.254.169.254', '64:ff9b:1::7f00:1'],
  ...['2002:7f00:1::', '2002:a9fe:a9fe::1', '2002:808:808::1', '2001:0:53aa:64c:0:5efe:7f00:1', 'fe80::5efe:7f00:1'],
  // no addresses
  ...[
    '',
    'localhost',
    '127.1',
    '0x7f.1',
    '2130706433',
    '0177.0.0.1',
    '1.2.3.4.5',
    '256.1.1.1',
    '1.2.3.4:80',
    '[::1]',
    ':::',
  ],
];
const allowed = [
  '8.8.8.8',
  '1.1.1.1',
  '172.15.0.1',
  '172.32.0.1',
  '192.167.1.1',
  '100.63.0.1',
  '100.128.0.1',
  '169.253.1.1',
];
const allowedIpv6 = ['2606:4700:4700::1111', '2a00:1450:4001:80b::200e', '64:ff9b::8.8.8.8'];

describe('an address', () => {
  test.each(refused)('%s is refused', (address) => expect(isAllowed(address, [])).toBe(false));
  test.each([...allowed, ...allowedIpv6])('%s is let through', (address) => expect(isAllowed(address, [])).toBe(true));

  test('in the operator’s networks is let through, in each of its forms, and no other', () => {
    const networks = parseNetworks(['10.1.0.0/16', 'fd00:1::/32']);
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '64:ff9b::10.1.2.3', 'fd00:1::5']) {
      expect(isAllowed(address, networks), address).toBe(true);
    }
    for (const address of ['10.2.0.1', '::ffff:10.2.0.1', 'fd00:2::5', '127.0.0.1', '::1']) {
      expect(isAllowed(address, networks), address).toBe(false);
    }
  });
});

// Every spelling of a forbidden host that the URL parser of the platform understands.
const refusedUrls = [
  ...['https://127.0.0.1/', 'https://127.1/', 'https://0x7f.1/', 'https://0x7f000001/', 'https://2130706433/'],
  ...[
    'https://0177.0.0.1/',
    'https://017700000001/',
    'https://0/',
    'https://0.0.0.0/',
    'https://[::1]/',
    'https://[::]/',
  ],
  ...['https://[::ffff:127.0.0.1]/', 'https://[::ffff:7f00:1]/', 'https://[0:0:0:0:0:ffff:a9fe:a9fe]/'],
  ...[
    'https://169.254.169.254/latest/meta-data/',
    'https://0xa9fea9fe/',
    'https://2852039166/',
    'https://0251.0376.0251.0376/',
  ],
  ...[
    'https://10.0.0.1:8443/',
    'https://192.168.1.1/',
    'https://①②⑦.⓪.⓪.①/',
    'https://127。0。0。1/',
    'https://%31%32%37.0.0.1/',
  ],
  ...['https://[64:ff9b::7f00:1]/', 'https://[2002:7f00:1::]/', 'https://[fd00:ec2::254]/', 'https://127.0.0.1./'],
];
const badUrls = [
  ...[
    'ftp://receiver.example/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    '/webhook',
    '',
    'https://',
    'https:receiver.example',
  ],
  ...[
    'https://user@receiver.example/',
    'https://user:password@receiver.example/',
    `https://receiver.example/${'a'.repeat(2050)}`,
  ],
];

const resolveTo =
  (...addresses: string[]): Resolve =>
  (_hostname, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

describe('at creation', () => {
  const fault = (url: string, resolve = resolveTo('93.184.216.34'), networks: string[] = []) =>
    findAddressFault(url, { networks: parseNetworks(networks), resolve });

  test.each(refusedUrls)('%s is refused', async (url) =>
    expect(await fault(url)).toBe('leads to an address that webhooks are not sent to'),
  );
  test.each(badUrls)('%s is refused', async (url) => expect(await fault(url)).toMatch(/^must/));

  test('a public name is accepted, and so is one that cannot be resolved now', async () => {
    expect(await fault('https://receiver.example:8443/webhook?a=b')).toBeNull();
    const unresolvable: Resolve = (_hostname, _options, callback) => callback(new Error('ENOTFOUND'), []);
    expect(await fault('https://receiver.example/', unresolvable)).toBeNull();
  });
  test.each(refused.filter((address) => isIP(address) > 0))('a name that leads to %s is refused', async (address) =>
    expect(await fault('https://leads.example/', resolveTo(address))).toMatch(/leads to/),
  );
  test('a name that leads to refused addresses only is refused', async () => {
    expect(await fault('https://rebound.example/', resolveTo('127.0.0.1', '::1'))).toMatch(/leads to/);
    expect(await fault('https://half.example/', resolveTo('127.0.0.1', '93.184.216.34'))).toBeNull();
  });
  // Cause: one allowed network let plain http go out to any public host.
  test('plain http is for the operator’s networks', async () => {
    expect(await fault('http://receiver.example/')).toBe('must be an https address');
    expect(await fault('http://127.0.0.1:9/', undefined, ['127.0.0.0/8'])).toBeNull();
    expect(await fault('http://10.0.0.1:9/', undefined, ['127.0.0.0/8'])).toMatch(/leads to/);
    const https = 'must be an https address';
    expect(await fault('http://receiver.example/', undefined, ['127.0.0.0/8'])).toBe(https);
    expect(await fault('http://8.8.8.8/', undefined, ['127.0.0.0/8'])).toBe(https);
    expect(await fault('http://own.example/', resolveTo('93.184.216.34', '127.0.0.1'), ['127.0.0.0/8'])).toBeNull();
  });
});

describe('at the connection', () => {
  async function listen() {
    const server = createServer((socket) => socket.destroy());
    let connectionCount = 0;
    server.on('connection', () => connectionCount++);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return { port: (server.address() as AddressInfo).port, connectionCount: () => connectionCount };
  }
  const send = async (url: string, resolve?: Resolve, networks: string[] = []) => {
    const sender = createWebhookSender({ networks: parseNetworks(networks), ...(resolve && { resolve }) });
    onTestFinished(() => sender.close());
    return await sender.send({ endpointId: 'whe_1', url, method: 'POST', headers: {}, body: Buffer.from('{}') });
  };

  test('literal addresses are refused, although nothing looks them up', async () => {
    const { port, connectionCount } = await listen();
    for (const host of ['127.0.0.1', '127.1', '0x7f.1', '[::ffff:127.0.0.1]', '0.0.0.0']) {
      expect((await send(`http://${host}:${port}/`)).error).toMatch(/ADDRESS_REFUSED/);
    }
    expect(connectionCount()).toBe(0);
  });

  const literals = refused.filter((address) => isIP(address) > 0 && !address.includes('%'));
  test('the whole table is refused: as a host in any spelling, and as what a name leads to', async () => {
    expect(literals.length + refusedUrls.length).toBeGreaterThan(90);
    const urls = literals.map((address) => `http://${address.includes(':') ? `[${address}]` : address}/`);
    for (const url of [...urls, ...refusedUrls]) expect((await send(url)).error, url).toMatch(/ADDRESS_REFUSED/);
    for (const address of literals) {
      const { error } = await send('https://leads.example/', resolveTo(address));
      expect(error, `a name that leads to ${address}`).toMatch(/ADDRESS_REFUSED/);
    }
  });

  test('a name that was public at creation and leads elsewhere at the connection is refused', async () => {
    const { port, connectionCount } = await listen();
    const answers = [['93.184.216.34'], ['127.0.0.1', '::1', '::ffff:127.0.0.1']];
    const rebinding: Resolve = (hostname, options, callback) =>
      resolveTo(...(answers.shift() ?? []))(hostname, options, callback);
    expect(await findAddressFault('https://rebinding.example/', { networks: [], resolve: rebinding })).toBeNull();
    expect((await send(`http://rebinding.example:${port}/`, rebinding)).error).toMatch(/ADDRESS_REFUSED/);
    expect(connectionCount()).toBe(0);
  });

  test('the same with the system’s own resolution', async () => {
    const { port, connectionCount } = await listen();
    expect((await send(`http://localhost:${port}/`)).error).toMatch(/ADDRESS_REFUSED/);
    expect(connectionCount()).toBe(0);
  });

  test('plain http reaches the operator’s networks alone, also where a name leads to a public address', async () => {
    const { port, connectionCount } = await listen();
    const networks = ['127.0.0.0/8'];
    for (const address of ['93.184.216.34', '2606:4700:4700::1111', '64:ff9b::8.8.8.8']) {
      expect((await send('http://public.example/', resolveTo(address), networks)).error).toMatch(/ADDRESS_REFUSED/);
    }
    expect((await send('http://8.8.8.8/', undefined, networks)).error).toMatch(/ADDRESS_REFUSED/);
    const half = resolveTo('93.184.216.34', '127.0.0.1');
    expect((await send(`http://half.example:${port}/`, half, networks)).error).not.toMatch(/ADDRESS_REFUSED/);
    expect(connectionCount()).toBe(1);
  });

  test('of several addresses only those are tried that are let through', async () => {
    const { port, connectionCount } = await listen();
    const result = await send(`http://both.example:${port}/`, resolveTo('10.0.0.1', '127.0.0.1'), ['127.0.0.1/32']);
    expect(result.error).not.toMatch(/ADDRESS_REFUSED/);
    expect(connectionCount()).toBe(1);
  });
});
