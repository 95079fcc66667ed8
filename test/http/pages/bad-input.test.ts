import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { createFormBrowser } from '../../../src/cli/form-browser.ts';
import { sessionRoutes } from '../../../src/http/pages/pages.ts';
import type { Database } from '../../../src/storage/database.ts';
import {
  type ConnectedWorld,
  connectByRedirect,
  createConnectedWorld,
  goToBank,
  logInAtBank,
  oneBrowser,
} from '../../consent/connected-world.ts';

const formType = { 'content-type': 'application/x-www-form-urlencoded' };
const [reads, acts] = [sessionRoutes.reads, sessionRoutes.acts];

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** The same browser as that which sends these requests. */
const sameBrowser = () => createFormBrowser({ headers: oneBrowser });

/** Not fetch: it keeps back the headers that browsers set. */
async function send(url: string, options: { method?: string; headers?: Record<string, string>; body?: string } = {}) {
  const { statusCode, headers, body } = await request(url, {
    ...options,
    method: (options.method ?? 'GET') as 'GET',
    headers: { ...oneBrowser, ...options.headers },
  });
  return { status: statusCode, headers, text: await body.text() } satisfies Answer;
}

function post(url: string, body: Record<string, string> | string, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : new URLSearchParams(body).toString();
  return send(url, { method: 'POST', headers: { ...formType, ...headers }, body: text });
}

/** Every row of every table. */
async function dump({ database }: { database: Database }): Promise<string> {
  const { rows: tables } = await database.pool.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '^_|agenda' ORDER BY 1`,
  );
  const contents: string[] = [];
  for (const { name } of tables) {
    const { rows } = await database.pool.query(`SELECT to_jsonb(t)::text AS row FROM "${name}" t ORDER BY 1`);
    contents.push(`${name}:`, ...rows.map(({ row }) => row));
  }
  return contents.join('\n');
}

/** A plain page in words, which says nothing of what was sent, and nothing of what is inside. */
function expectPlainPage(answer: Answer, what: string, secrets: readonly string[]): void {
  expect(answer.headers, what).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
  expect(answer.headers['content-security-policy'], what).toContain("default-src 'none'");
  expect(answer.text, what).toContain('<h1>');
  expect(answer.text, what).not.toMatch(/\bat .*:\d+:\d+|Error:|node_modules|prisma|SELECT |undefined|\[object/i);
  for (const secret of secrets) expect(answer.text, what).not.toContain(secret);
}

interface Attack {
  what: string;
  run(): Promise<Answer>;
  status: number | readonly number[];
}

/** All are refused with the status that they say, with a plain page, and leave every table as it was. */
async function expectRefused(world: ConnectedWorld, attacks: readonly Attack[], secrets: readonly string[] = []) {
  const before = await dump(world);
  const calls = world.bankCalls.length;
  for (const { what, run, status } of attacks) {
    const answer = await run();
    expect([status].flat(), `${what}: ${answer.status}`).toContain(answer.status);
    expectPlainPage(answer, what, secrets);
  }
  expect(world.log.lines.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  expect(world.bankCalls.length, 'calls of the bank').toBe(calls);
  expect(await dump(world)).toBe(before);
}

const secretOf = (link: string): string => link.split('/').at(-1) ?? '';
const tamper = (secret: string): string => `${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`;

/** What no page of ours would send, to one address for forms. */
function forgeries(link: string, action: string): Attack[] {
  const url = `${link}/${action}`;
  const honest = { bankId: 'bank_sandbox', psu_id: 'anna', bankLoginId: 'login_x' };
  const attack = (what: string, status: Attack['status'], run: Attack['run']) => ({
    what: `${action}: ${what}`,
    status,
    run,
  });
  return [
    attack('from another site', 403, () => post(url, honest, { origin: 'https://evil.example' })),
    attack('from another port', 403, () => post(url, honest, { origin: `${new URL(url).origin}0` })),
    attack('across sites', 403, () => post(url, honest, { 'sec-fetch-site': 'cross-site', origin: 'null' })),
    attack('from a neighbouring site', 403, () => post(url, honest, { 'sec-fetch-site': 'same-site' })),
    attack('JSON', 415, () => post(url, '{"bankId":"bank_sandbox"}', { 'content-type': 'application/json' })),
    attack('plain text', 415, () => post(url, 'bankId=bank_sandbox', { 'content-type': 'text/plain' })),
    attack('multipart', 415, () => post(url, '--x\r\n', { 'content-type': 'multipart/form-data; boundary=x' })),
    attack('no type', 415, () => send(url, { method: 'POST', body: 'bankId=bank_sandbox' })),
    attack('too long a body', 413, () => post(url, `bankId=${'x'.repeat(20_000)}`)),
    ...['bankId', 'bankLoginId', 'psu_id', 'password', 'methodId', 'otp'].flatMap((field) => [
      attack(`too long a ${field}`, 400, () => post(url, { ...honest, [field]: 'x'.repeat(300) })),
      attack(`${field} twice`, 400, () => post(url, `${field}=a&${field}=b`)),
      attack(`${field} with a NUL`, 400, () => post(url, `${field}=a%00b`)),
    ]),
    ...['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'].map((method) =>
      attack(method, 405, () => send(url, { method, headers: formType })),
    ),
  ];
}

/** Every route under a link that is none of ours. */
function withStrangeLinks(world: ConnectedWorld, secrets: readonly string[]): Attack[] {
  return secrets.flatMap((secret) => [
    ...reads.map((action) => ({
      what: `GET ${secret}/${action}`,
      status: 404,
      run: () => send(`${world.url}/sessions/${secret}/${action}`),
    })),
    ...acts.map((action) => ({
      what: `POST ${secret}/${action}`,
      status: [400, 404],
      run: () => post(`${world.url}/sessions/${secret}/${action}`, { bankId: 'bank_sandbox', otp: '123456' }),
    })),
  ]);
}

describe('a page refuses, and changes nothing:', () => {
  it('a link that is none of ours, on every route', async () => {
    const world = await createConnectedWorld();
    const secret = secretOf(world.linkOf(await world.createSession()));
    const strange = [
      tamper(secret),
      secret.slice(1),
      `${secret}x`,
      `${secret}%00`,
      `%2e%2e%2f${secret}`,
      'guessed',
      '%27%20OR%201=1--',
      '__proto__',
      'x'.repeat(4_000),
    ];
    await expectRefused(world, withStrangeLinks(world, strange), [secret, 'guessed', 'OR 1=1']);
  });

  it('what no page of ours sends, on every route for forms, whatever state the session is in', async () => {
    const world = await createConnectedWorld();
    const fresh = world.linkOf(await world.createSession());
    const asked = world.linkOf(await world.createSession());
    await goToBank(asked, 'bank_sandbox', sameBrowser());
    const withCode = world.linkOf(await world.createSession({ bankId: 'bank_sandbox_embedded' }));
    await (await goToBank(withCode, 'bank_sandbox_embedded', sameBrowser())).submit({ psu_id: 'anna' });
    const attacks = [fresh, asked, withCode].flatMap((link) => acts.flatMap((action) => forgeries(link, action)));
    await expectRefused(world, attacks, ['evil.example', secretOf(fresh)]);
  });

  it('addresses beside its own', async () => {
    const world = await createConnectedWorld();
    const link = world.linkOf(await world.createSession());
    const paths = [
      '/sessions',
      '/sessions/',
      `${link}/banks/x`,
      `${link}/constructor`,
      `${link}/__proto__`,
      `${link}//`,
    ];
    const urls = paths.map((path) => (path.startsWith('http') ? path : world.url + path));
    await expectRefused(world, [
      ...urls.map((url) => ({ what: `GET ${url}`, status: 404, run: () => send(url) })),
      ...[...urls, link].map((url) => ({ what: `POST ${url}`, status: 404, run: () => post(url, {}) })),
      { what: 'below the callback', status: 404, run: () => send(`${world.url}/callback/x?state=x`) },
    ]);
  });

  it('a bank that there is not, or that is not offered', async () => {
    const world = await createConnectedWorld();
    await world.database.prisma.bank.update({ where: { id: 'bank_sandbox' }, data: { listed: false } });
    const link = world.linkOf(await world.createSession());
    await send(link);
    await expectRefused(
      world,
      ['bank_nowhere', 'bank_sandbox', '../../etc/passwd', "'; DROP TABLE banks; --", '__proto__'].map((bankId) => ({
        what: bankId,
        status: 400,
        run: () => post(`${link}/begin`, { bankId }),
      })),
      ['passwd', 'DROP'],
    );
  });

  it('a callback that is none of ours, has been used, or belongs to a step that is over', async () => {
    const world = await createConnectedWorld();
    const session = await world.createSession();
    const link = world.linkOf(session);
    const question = await logInAtBank(await goToBank(link, 'bank_sandbox', sameBrowser()), 'anna');
    const back = await question.submit({}, 'approve');
    const used = back.hops.map(({ to }) => to).find((to) => to.startsWith(`${world.url}/callback`)) ?? '';
    const state = new URL(used).searchParams.get('state') ?? '';
    expect(state).toMatch(/^[\w-]{43}$/);
    const callback = (query: string, status: Attack['status'] = 400): Attack => ({
      what: `callback${query}`,
      status,
      run: () => send(`${world.url}/callback${query}`),
    });
    await expectRefused(
      world,
      [
        callback(''),
        callback('?state='),
        callback('?state=x'),
        callback(`?state=${tamper(state)}`),
        callback(`?state=${state}`),
        callback(`?state=${secretOf(link)}`),
        callback('?state=%00'),
        callback('?code=x&error=access_denied'),
        { what: 'a form', status: 400, run: () => post(`${world.url}/callback?state=${state}`, { state }) },
      ],
      [state, secretOf(link)],
    );
  });

  it('the approval of a former try, while the next is under way', async () => {
    const world = await createConnectedWorld();
    const link = world.linkOf(await world.createSession());
    const formerQuestion = await logInAtBank(await goToBank(link, 'bank_sandbox', sameBrowser()), 'anna');
    await goToBank(link, 'bank_sandbox', sameBrowser());
    const attack = async (): Promise<Answer> => {
      const { status, headers, html } = await formerQuestion.submit({}, 'approve');
      return { status, headers: headers as Answer['headers'], text: html };
    };
    await expectRefused(world, [{ what: 'the former state', status: 400, run: attack }]);
  });

  it('two states at once', async () => {
    const world = await createConnectedWorld();
    await goToBank(world.linkOf(await world.createSession()));
    const attack = () => send(`${world.url}/callback?state=a&state=b`);
    await expectRefused(world, [{ what: 'two states', status: 400, run: attack }]);
  });

  it('the forms of a session that is over, sent again', async () => {
    const world = await createConnectedWorld();
    const completed = await world.createSession();
    const atBank = await goToBank(world.linkOf(completed), 'bank_sandbox', sameBrowser());
    await (await logInAtBank(atBank, 'anna')).submit({}, 'approve');
    const cancelled = await world.createSession();
    await post(`${world.linkOf(cancelled)}/leave`, {});
    const expired = await world.createSession();
    world.clock.advance(31 * 60_000);
    // Seen once, so that it is written down as expired.
    await send(world.linkOf(expired));
    await send(world.linkOf(completed));
    const bankLogin = await world.database.prisma.bankLogin.findFirstOrThrow();
    // What is counted until a while is over.
    await world.audit.flush();
    const before = await dump(world);
    const calls = world.bankCalls.length;
    for (const link of [completed, cancelled, expired].map((session) => world.linkOf(session))) {
      for (const action of acts) {
        const fields = { bankId: 'bank_sandbox', psu_id: 'anna', password: 'sandbox', bankLoginId: bankLogin.id };
        for (const body of [{}, fields, { otp: '123456' }, { methodId: 'sms' }]) {
          const answer = await post(`${link}/${action}`, body);
          // Where the session stands, for a person who has gone back and pressed a button again.
          expect([303, 400, 409, 410], `${action}: ${answer.status}`).toContain(answer.status);
          if (answer.status === 303) expect(answer.headers.location).toBe(link);
          else expectPlainPage(answer, action, ['123456']);
        }
      }
    }
    expect(world.bankCalls.length).toBe(calls);
    expect(await dump(world)).toBe(before);
  });

  it('a code that has been used, or that belongs to another session', async () => {
    const world = await createConnectedWorld();
    const links: string[] = [];
    for (let n = 0; n < 2; n++) {
      const link = world.linkOf(await world.createSession({ bankId: 'bank_sandbox_embedded' }));
      await post(`${link}/begin`, { bankId: 'bank_sandbox_embedded' });
      await post(`${link}/authorise`, { psu_id: 'anna' });
      await post(`${link}/authorise`, { psu_id: 'anna', password: 'sandbox' });
      links.push(link);
    }
    const [first = '', second = ''] = links;
    await post(`${first}/authorise`, { methodId: 'sms' });
    await post(`${first}/authorise`, { otp: '123456' });
    const replays = [first, second].map((link) => ({
      what: `replay to ${link === first ? 'the session that is done' : 'a session that asks for no code yet'}`,
      status: 409,
      run: () => post(`${link}/authorise`, { otp: '123456' }),
    }));
    await expectRefused(world, replays, ['123456']);
  });

  it('logins of somebody else, and forms of an overview under a link that leads to none', async () => {
    const world = await createConnectedWorld();
    const session = await world.createSession();
    await connectByRedirect(world.linkOf(session), 'anna');
    const { id: bankLoginId } = await world.database.prisma.bankLogin.findFirstOrThrow();
    const other = await world.createSession();
    const stranger = await world.connections.sessions.createManagementSession(world.clientId, {
      userId: other.userId,
      addBankLogin: false,
      returnUrl: null,
      idempotencyKey: null,
    });
    const links = [world.linkOf(stranger), world.linkOf(other)];
    for (const link of links) await send(link);
    const attacks = links.flatMap((link) => [
      ...['renew', 'remove'].map((action) => ({
        what: `POST ${action}`,
        status: 400,
        run: () => post(`${link}/${action}`, { bankLoginId }),
      })),
      { what: 'GET remove', status: 404, run: () => send(`${link}/remove?bankLoginId=${bankLoginId}`) },
    ]);
    await expectRefused(world, attacks, [bankLoginId]);
  });
});

it('whatever the Host header says, its links lead to the public address', async () => {
  const world = await createConnectedWorld();
  const link = world.linkOf(await world.createSession());
  for (const headers of [{ host: 'evil.example' }, { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'x' }]) {
    const page = await send(link, { headers });
    expect(page.text).not.toContain('evil.example');
    const moved = await post(`${link}/begin`, {}, headers);
    expect(moved.headers.location).toBe(link);
  }
});

it('answers a search for what no bank is called, whatever it is made of', async () => {
  const world = await createConnectedWorld();
  const link = world.linkOf(await world.createSession());
  for (const search of ['%00', '%25', '%5C', '%F0%9F%8F%A6', '%ED%A0%80', `${'x'.repeat(5_000)}`]) {
    expect((await send(`${link}/banks?search=${search}`)).status, search).toBe(200);
  }
});

it('hands on to the bank no user name that would break out of a header', async () => {
  const world = await createConnectedWorld();
  const link = world.linkOf(await world.createSession({ bankId: 'bank_sandbox_decoupled' }));
  await post(`${link}/begin`, { bankId: 'bank_sandbox_decoupled' });
  for (const psuId of ['anna\r\nX-Evil: 1', '日本', '\u{1f600}', 'a\u0007b']) {
    const answer = await post(`${link}/authorise`, { psu_id: psuId });
    expect(answer.status, psuId).toBe(422);
    expectPlainPage(answer, psuId, []);
  }
});

it('says plainly that something has gone wrong here, and logs what', async () => {
  const world = await createConnectedWorld();
  const link = world.linkOf(await world.createSession());
  world.bankOverrides.begin = () => Promise.reject(new Error('at secret.ts:1:1'));
  const answer = await post(`${link}/begin`, { bankId: 'bank_sandbox' });
  expect(answer.status).toBe(500);
  expectPlainPage(answer, 'a bug', ['secret.ts']);
  expect(JSON.stringify(world.log.lines)).toContain('unexpected error in a page');
});
