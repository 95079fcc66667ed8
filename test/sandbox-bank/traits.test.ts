import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createSandboxBank } from '../../src/sandbox-bank/sandbox-bank.ts';
import { getTrait, traitNames } from '../../src/sandbox-bank/traits/trait-table.ts';
import { type BankWorld, type Connection, connect, createConsent, openBankPage, startBank } from './bank-world.ts';

/** Further back than any bank has to give. */
const old = '2025-11-01';
const recent = '2026-03-01';

it('the table of docs/sandbox-bank.md has every trait, in the code’s words', async () => {
  const page = await readFile(new URL('../../docs/sandbox-bank.md', import.meta.url), 'utf8');
  const section = page.slice(page.indexOf('\n## Traits\n'), page.indexOf('\n## Data\n'));
  const rows = [...section.matchAll(/^\| `([a-z0-9-]+)` *\| (.+?) *\|$/gm)].map(([, name, about]) => [name, about]);
  expect(rows).toEqual(traitNames.map((name) => [name, getTrait(name).about]));
});

it('nobody has a trait that there is not, and a bank with one does not start', async () => {
  const bank = await startBank();
  const logIn = async (psuId: string) => {
    const { body } = await createConsent(bank);
    const page = await openBankPage(body._links.scaRedirect.href);
    return (await page.submit({ psu_id: psuId, password: 'sandbox' })).html;
  };
  expect(await logIn('trait-no-ids+camt')).toContain('otp');
  for (const psuId of ['trait-no-ids+none', 'trait-', 'trait-__proto__'])
    expect(await logIn(psuId)).not.toContain('otp');
  const start = createSandboxBank({ host: '127.0.0.1', port: 0, dataFile: null, traits: ['no-ids', 'none'] });
  await expect(start).rejects.toThrow('The sandbox bank has no trait none.');
});

/** Everything that a reader can ask for, four times over, as texts in which nothing but the bank's own matter differs. */
async function listen(bank: BankWorld, connection: Connection): Promise<string[]> {
  const replies: string[] = [];
  const ids: string[] = [];
  const ask = async (path: string) => {
    const accept = 'application/json, application/xml;q=0.8, text/plain;q=0.7';
    const reply = await connection.read(path, { accept, 'psu-ip-address': '192.0.2.7' });
    const { accounts = [] } = reply.body ?? {};
    for (const id of (accounts ?? []).map(({ resourceId = '' }) => resourceId.split('~')[0])) {
      if (!ids.includes(id)) ids.push(id);
    }
    const text = `${reply.status} ${reply.headers.get('content-type')} ${JSON.stringify(reply.body)}`;
    const plain = text.replaceAll(bank.url, '').replaceAll(/page=[\w.%-]+/g, 'page=…');
    replies.push(ids.reduce((given, id, index) => (id ? given.replaceAll(id, `#${index}`) : given), plain));
    return reply.body;
  };
  for (let reading = 0; reading < 4; reading += 1) {
    const { accounts } = await ask('/v1/accounts');
    await ask('/v1/card-accounts');
    for (const { resourceId } of accounts ?? []) {
      await Promise.all([ask(`/v1/accounts/${resourceId}`), ask(`/v1/accounts/${resourceId}/balances`)]);
      const from = reading === 0 ? old : recent;
      const first = await ask(`/v1/accounts/${resourceId}/transactions?bookingStatus=both&dateFrom=${from}`);
      const next = first?.transactions?._links?.next?.href;
      if (next?.startsWith(bank.url)) await ask(next);
    }
    bank.clock.advance(60_000);
  }
  return replies;
}

async function listenTo(traits: readonly string[]): Promise<string> {
  const bank = await startBank({ traits });
  const replies = await listen(bank, await connect(bank, 'anna'));
  expect(bank.errors).toEqual([]);
  return replies.sort().join('\n');
}

describe('every trait shows', () => {
  const usual = { replies: '' };

  it('and a bank without any says the same every time', async () => {
    usual.replies = await listenTo([]);
    expect((await listenTo([])) === usual.replies).toBe(true);
  });

  it.each(traitNames)('%s', async (trait) => {
    usual.replies ||= await listenTo([]);
    expect((await listenTo([trait])) === usual.replies).toBe(false);
  });
});

it('all traits of replies at once are still replies, and what stands on the accounts stays as it is', async () => {
  const traits = traitNames.filter((name) => !('person' in getTrait(name)) && name !== 'accounts-null');
  const [usual, odd] = [await startBank(), await startBank({ traits })];
  for (const bank of [usual, odd]) await listen(bank, await connect(bank, 'anna'));
  expect(odd.errors).toEqual([]);
});

it('what stands on the accounts is what the plain bank shows, by number, amount and balance', async () => {
  const bank = await createSandboxBank({ host: '127.0.0.1', port: 0, dataFile: null });
  const [giro] = bank.listStatements('anna');
  expect(giro?.entries.length).toBeGreaterThan(60);
  const sum = giro?.entries.reduce((total, { cents }) => total + cents, 0) ?? 0;
  expect(giro?.balanceCents).toBeGreaterThan(sum);
  expect(bank.listStatements('anna')).toEqual(bank.listStatements('anna'));
  expect(bank.listStatements('nobody')).toEqual([]);
  await bank.close();
});
