import { expect, it } from 'vitest';
import { createFormBrowser } from '../../src/cli/form-browser.ts';
import { credentialsOf } from '../../src/consent/consent-store.ts';
import { createEncryption, singleKey } from '../../src/storage/encryption.ts';
import { type ConnectedWorld, createConnectedWorld, logInAtBank } from './connected-world.ts';

const encryption = createEncryption(singleKey(Buffer.alloc(32, 7)));

/** A recurring user at the bank with OAuth, whose tokens last for two seconds. */
async function connectAnna(): Promise<ConnectedWorld> {
  const world = await createConnectedWorld({ sandbox: { tokenSeconds: 2 } });
  const session = await world.createSession({ bankId: 'bank_sandbox_oauth' });
  const login = await (await createFormBrowser().open(world.linkOf(session))).submit();
  const done = await (await logInAtBank(login, 'anna')).submit({}, 'approve');
  expect(done.title).toContain('Done');
  return world;
}

async function runCycle(world: ConnectedWorld): Promise<void> {
  world.clock.advance(6 * 3_600_000);
  const { cycles, cycleRunner } = world.synchronization;
  const { id: cycleId } = await cycles.runExtraCycle();
  while ((await cycleRunner.workLane({ cycleId, lane: 0, touch: async () => {} })) !== 'finished');
  await cycles.completeIfDone(cycleId);
}

async function readTokens(world: ConnectedWorld): Promise<{ access: string; refresh: string }> {
  const { id, credentials } = await world.database.prisma.consent.findFirstOrThrow({ where: { status: 'VALID' } });
  return JSON.parse(encryption.decrypt(credentials ?? '', credentialsOf(id))).tokens;
}

it('tokens of two seconds last through three cycles, each renewed unattended, which counts in no budget', async () => {
  const world = await connectAnna();
  const seen = [await readTokens(world)];
  const accesses = await world.database.prisma.bankAccess.count();
  const perCycle: number[] = [];
  for (let cycle = 0; cycle < 3; cycle++) {
    const before = await world.database.prisma.bankAccess.count();
    await runCycle(world);
    perCycle.push((await world.database.prisma.bankAccess.count()) - before);
    seen.push(await readTokens(world));
  }
  expect(new Set(seen.map(({ refresh }) => refresh)).size).toBe(4);
  // The list, and balances and transactions of two accounts.
  expect(perCycle).toEqual([5, 5, 5]);
  expect(accesses).toBeGreaterThan(0);
  const types = (await world.events()).map(({ type }) => type);
  expect(types.filter((type) => type === 'BANK_LOGIN_SYNCHRONIZED')).toHaveLength(3);
  expect(JSON.stringify(world.log.lines)).not.toContain(seen[0]?.access);
});

it('a grant that the bank has withdrawn is a lost consent, and told once', async () => {
  const world = await connectAnna();
  const { refresh } = await readTokens(world);
  await fetch(`${world.bankUrl}/oauth/oauth/revoke`, { method: 'POST', body: new URLSearchParams({ token: refresh }) });
  await runCycle(world);
  await runCycle(world);
  const types = (await world.events()).map(({ type }) => type);
  expect(types.filter((type) => type === 'BANK_LOGIN_SCA_REQUIRED')).toHaveLength(1);
  expect(await world.database.prisma.bankLogin.findFirstOrThrow()).toMatchObject({ status: 'SCA_REQUIRED' });
  for (const { run } of world.connections.maintenance) await run();
  expect(await world.database.prisma.consentTermination.count()).toBe(0);
});

it('an end user who says no at the bank has shared nothing, and may try again', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession({ bankId: 'bank_sandbox_oauth' });
  const login = await (await createFormBrowser().open(world.linkOf(session))).submit();
  const denied = await (await logInAtBank(login, 'anna')).submit({}, 'deny');
  expect(denied.title).toContain('Not approved');
  expect(await world.session(session.id)).toMatchObject({ status: 'FAILED', errorCode: 'CONSENT_REJECTED' });
});
