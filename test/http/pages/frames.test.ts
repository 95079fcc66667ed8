import { expect, it } from 'vitest';
import { createConnectedWorld } from '../../consent/connected-world.ts';

const cookie = (letter: string): string => `tidewater-browser=${letter.repeat(43)}`;
const inFrame = { cookie: cookie('f'), 'sec-fetch-dest': 'iframe' };
const fromOurPage = {
  'content-type': 'application/x-www-form-urlencoded',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-dest': 'document',
};

async function openInFrame(embeddingOrigins: readonly string[] = ['https://app.example']) {
  const world = await createConnectedWorld({ embeddingOrigins });
  const session = await world.createSession();
  const link = world.linkOf(session);
  const html = await (await fetch(link, { headers: inFrame })).text();
  const handover = /name="handover" value="([^"]+)"/.exec(html)?.[1] ?? '';
  const begin = (headers: Record<string, string>) =>
    fetch(`${link}/begin`, {
      method: 'POST',
      redirect: 'manual',
      headers: { ...fromOurPage, ...headers },
      body: new URLSearchParams({ bankId: 'bank_sandbox', handover }),
    });
  return { world, session, link, html, handover, begin };
}

it('what began in a frame goes on in the whole window, which has another cookie or none yet', async () => {
  for (const present of [null, cookie('w')]) {
    const { world, begin, html } = await openInFrame();
    expect(html).toContain('target="_top"');
    const presses = await Promise.all([1, 2].map(() => begin(present === null ? {} : { cookie: present })));
    expect(presses.map(({ headers }) => headers.get('location'))).toEqual(
      [1, 2].map(() => expect.stringContaining(world.bankUrl)),
    );
    const [first, second] = presses.map(({ headers }) => headers.get('set-cookie')?.split(';')[0]);
    expect(second, 'pressed twice').toBe(first);
    if (present !== null) expect(first).toBe(present);
    expect(world.bankCalls).toEqual(['begin']);
  }
});

it('a handover is good from a page of ours, once, for its session, and only where frames are allowed', async () => {
  const { world, session, link, begin, handover } = await openInFrame();
  for (const site of ['cross-site', 'same-site', 'none']) {
    expect((await begin({ 'sec-fetch-site': site, cookie: cookie('v') })).status, site).toBe(403);
  }
  expect((await begin({ cookie: cookie('w') })).status).toBe(303);
  expect((await begin({ cookie: cookie('v') })).status).toBe(403);
  expect(await world.session(session.id)).toMatchObject({ status: 'FAILED', errorCode: 'OTHER_BROWSER' });

  const other = world.linkOf(await world.createSession());
  await fetch(other, { headers: inFrame });
  const body = new URLSearchParams({ bankId: 'bank_sandbox', handover });
  const headers = { ...fromOurPage, cookie: cookie('v') };
  expect((await fetch(`${other}/begin`, { method: 'POST', headers, body })).status).toBe(403);
  expect(link).not.toBe(other);

  const { html } = await openInFrame([]);
  expect(html).not.toContain('handover');
});

it('a handover that is older than a link is good for nothing', async () => {
  const { world, begin } = await openInFrame();
  world.clock.advance(31 * 60_000);
  expect((await begin({ cookie: cookie('w') })).status).toBe(403);
});
