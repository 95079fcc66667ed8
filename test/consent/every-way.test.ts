import { describe, expect, it } from 'vitest';
import { createFormBrowser, type FormBrowser, type Page } from '../../src/cli/form-browser.ts';
import { type BankEntry, plainHabits } from '../../src/domain/bank-entry.ts';
import { type BankHabitsCase, listCases } from '../banking/bank-habits.ts';
import { type ConnectedWorld, createConnectedWorld, hasField } from './connected-world.ts';

/*
 * From the hosted link to the end of the consent, by forms alone, at banks of every kind: connected, told by event, in a cycle,
 * renewed, ended. `EVERY_WAY=all` takes every combination; otherwise each approach, start and kind of OAuth is met once, with the
 * consent models and PSU-ID in turn.
 */

const cases = process.env.EVERY_WAY === 'all' ? listCases() : everyFirst(listCases());

function everyFirst(all: readonly BankHabitsCase[]): BankHabitsCase[] {
  const groups = new Map<string, BankHabitsCase[]>();
  for (const each of all) {
    const key = [each.words[0], each.words[1], each.oauth?.when ?? ''].join(' ');
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()].flatMap((group, index) => group[(index * 5) % group.length] ?? []);
}

function toEntry({ approach, words, oauth }: BankHabitsCase, index: number, sandboxUrl: string): BankEntry {
  const baseUrl = `${sandboxUrl}/with.${words.join('.')}`;
  const metadataUrl = oauth?.when === 'sca' ? null : `${baseUrl}/.well-known/oauth-authorization-server`;
  return {
    id: `bank_${index}`,
    name: words.join(' '),
    bic: null,
    bankCode: null,
    country: 'DE',
    baseUrl,
    preferredApproach: approach,
    scaValidityDays: 180,
    ownIpAddress: '127.0.0.1',
    clientCertificate: null,
    signingCertificate: null,
    certificateAuthority: null,
    ...plainHabits,
    oauth: oauth && { ...oauth, metadataUrl },
  };
}

const entered: Readonly<Record<string, string>> = {
  psu_id: 'anna',
  password: 'sandbox',
  otp: '123456',
  iban: 'DE02 1203 0000 0000 2020 51',
};

async function fillIn(page: Page): Promise<Page> {
  const fields = Object.entries(entered).filter(([name]) => hasField(page, name));
  const isQuestion = page.html.includes('value="approve"');
  return await page.submit(Object.fromEntries(fields), isQuestion ? 'approve' : undefined);
}

/** Enters what every page asks for, ours and the bank's, until one asks for nothing. */
async function goThrough(browser: FormBrowser, link: string, appUrl: string): Promise<Page> {
  let page = await browser.open(link);
  for (let count = 0; count < 20; count++) {
    if (page.title.includes('Done') || page.title.includes('Your banks')) return page;
    if (page.title.includes('Approve in your bank')) {
      let app = await createFormBrowser().open(appUrl);
      while (app.forms.length > 0) app = await fillIn(app);
      page = await browser.open(link);
    } else if (page.forms.length > 0) page = await fillIn(page);
    else page = await browser.open(link);
  }
  throw new Error(`The pages do not end: ${page.title} ${page.text}`);
}

async function runCycle(world: ConnectedWorld): Promise<void> {
  const { cycles, cycleRunner } = world.synchronization;
  const { id: cycleId } = await cycles.runExtraCycle();
  while ((await cycleRunner.workLane({ cycleId, lane: 0, touch: async () => {} })) !== 'finished');
  await cycles.completeIfDone(cycleId);
}

describe('every way to a consent', () => {
  it.each(cases.map((each) => ({ ...each, name: each.words.join(' ') })))('$name', async (given) => {
    const world = await createConnectedWorld({
      toEntries: (url) => [toEntry(given, 1, url)],
      sandbox: { tokenSeconds: 2 },
    });
    const app = `${world.bankUrl}/with.${given.words.join('.')}/app`;
    const session = await world.createSession({ bankId: 'bank_1' });
    await goThrough(createFormBrowser(), world.linkOf(session), app);
    expect(await world.session(session.id)).toMatchObject({ status: 'COMPLETED' });
    const login = await world.database.prisma.bankLogin.findFirstOrThrow();

    world.clock.advance(3_600_000);
    await runCycle(world);
    const types = (await world.events()).map(({ type }) => type);
    expect(types.slice(0, 2)).toEqual(['BANK_LOGIN_CONNECTED', 'BANK_LOGIN_SYNCHRONIZED']);

    const renewal = await world.connections.sessions.awaitEndUser({
      clientId: world.clientId,
      userId: login.userId,
      bankLoginId: login.id,
      bankId: 'bank_1',
      storeSecrets: true,
      returnUrl: null,
      psuIpAddress: null,
      idempotencyKey: null,
      idempotencyHash: null,
    });
    if (!renewal) throw new Error('The login is busy.');
    await goThrough(createFormBrowser(), world.linkOf(renewal), app);
    const consents = await world.database.prisma.consent.findMany({ orderBy: { id: 'asc' } });
    expect(consents.map(({ status }) => status)).toEqual(['SUPERSEDED', 'VALID']);

    await world.connections.erasure.deleteBankLogin(world.clientId, login.id);
    for (const { run } of world.connections.maintenance) await run();
    expect(await world.database.prisma.consentTermination.count()).toBe(0);
    expect(world.bankCalls.filter((call) => call === 'end')).toHaveLength(2);
  });
});
