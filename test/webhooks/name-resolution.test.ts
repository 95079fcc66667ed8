import type { LookupAddress } from 'node:dns';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createNameResolution, type ResolutionOptions } from '../../src/webhooks/name-resolution.ts';
import { eventually } from '../support/eventually.ts';
import { type NameAnswer, startNameServer } from '../support/name-server.ts';

/** Resolves by a name server of the test's own; the system gives 192.0.2.1 for every name, and says what it was asked. */
async function createNames(answers: Record<string, NameAnswer>, options: ResolutionOptions = {}) {
  const server = await startNameServer((name) => answers[name] ?? 'silence');
  onTestFinished(() => server.stop());
  const askedSystem: string[] = [];
  const resolve = createNameResolution({
    servers: [server.address],
    findBySystem: async (hostname) => {
      askedSystem.push(hostname);
      return [{ address: '192.0.2.1', family: 4 }];
    },
    ...options,
  });
  const find = (hostname: string, family = 0): Promise<LookupAddress[]> =>
    new Promise((done, fail) =>
      resolve(hostname, { all: true, family }, (error, found) => (error ? fail(error) : done(found))),
    );
  return { find, server, askedSystem };
}

// Cause: names were looked up on libuv's four threads, which a name server held that did not answer.
test('fifty names whose server is silent keep no other from being resolved, and are not asked of the system', async () => {
  const { find, askedSystem } = await createNames({ 'good.example': ['93.184.216.34'] }, { timeoutMs: 1_000 });
  let settledCount = 0;
  const silent = Array.from({ length: 50 }, (_, index) =>
    find(`silent-${index}.example`).finally(() => settledCount++),
  );
  const all = Promise.allSettled(silent);
  expect(await find('good.example')).toEqual([{ address: '93.184.216.34', family: 4 }]);
  expect(settledCount).toBe(0);
  expect((await all).map((result) => (result as PromiseRejectedResult).reason?.code)).toEqual(
    Array(50).fill('ETIMEOUT'),
  );
  expect(askedSystem).toEqual([]);
});

describe('a name', () => {
  test('has the addresses of both families, or those of the one that is asked for', async () => {
    const { find } = await createNames({ 'both.example': ['93.184.216.34', '2606:4700:4700::1111'] });
    const [ipv4, ipv6] = [
      { address: '93.184.216.34', family: 4 },
      { address: '2606:4700:4700::1111', family: 6 },
    ];
    expect(await find('both.example')).toEqual([ipv4, ipv6]);
    expect(await find('both.example', 6)).toEqual([ipv6]);
  });

  test('that is looked up by many at once is asked for once', async () => {
    const { find, server } = await createNames({ 'good.example': ['93.184.216.34'] });
    await Promise.all(Array.from({ length: 20 }, () => find('good.example')));
    // For IPv4 and for IPv6.
    expect(server.asked).toEqual(['good.example', 'good.example']);
  });

  test('without a dot, or that no name server knows, is asked of the system', async () => {
    const { find, askedSystem } = await createNames({ 'hosts.example': 'no such name', 'empty.example': [] });
    for (const name of ['localhost', 'hosts.example', 'empty.example']) {
      expect(await find(name), name).toEqual([{ address: '192.0.2.1', family: 4 }]);
    }
    expect(askedSystem).toEqual(['localhost', 'hosts.example', 'empty.example']);
  });

  test('is asked of the system where there is no name server', async () => {
    const { find, server, askedSystem } = await createNames({});
    await server.stop();
    expect(await find('hosts.example')).toHaveLength(1);
    expect(askedSystem).toEqual(['hosts.example']);
  });
});

test('the system is asked for two names at a time, the others wait their turn', async () => {
  const answers: (() => void)[] = [];
  const { find } = await createNames(
    {},
    {
      findBySystem: (hostname) =>
        hostname === 'broken'
          ? Promise.reject(new Error('broken'))
          : new Promise((done) => answers.push(() => done([{ address: '192.0.2.1', family: 4 }]))),
    },
  );
  const found = ['one', 'two', 'broken', 'three'].map((name) => find(name));
  const all = Promise.allSettled(found);
  await eventually(() => answers.length >= 2);
  expect(answers).toHaveLength(2);
  answers[0]?.();
  await found[0];
  await eventually(() => answers.length === 3);
  for (const answer of answers) answer();
  expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
});
