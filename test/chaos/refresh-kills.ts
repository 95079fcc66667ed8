import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { KeptCredentials } from '../../src/banking/bank-port.ts';
import { createBerlinGroupBank } from '../../src/banking/berlin-group/berlin-group-bank.ts';
import { createFormBrowser } from '../../src/cli/form-browser.ts';
import { createCredentialKeeper, ownCredentials } from '../../src/consent/credential-keeper.ts';
import { createCredentialStore } from '../../src/consent/credential-store.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { createSandboxBank } from '../../src/sandbox-bank/sandbox-bank.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { createEncryption, singleKey } from '../../src/storage/encryption.ts';
import { insertClient, insertEnrolledUser, sealedCredentials } from '../support/enrolled-users.ts';
import { startPostgresServer } from '../support/postgresql-server.ts';
import { type Child, startChild } from './child-process.ts';
import { oauthBankEntry } from './oauth-bank-entry.ts';
import type { TokenProcessOptions } from './token-process.ts';

export interface RefreshKills {
  killCount: number;
  refreshCount: number;
  /** Refresh tokens that came again after what they had given was used: each ends the consent. */
  reusedTokens: number;
  /** Whether the consent can still be read under. */
  isAlive: boolean;
}

/**
 * Two processes read under one consent whose tokens last for a second; one of them is killed (-9) around every refresh, and started
 * anew. The bank takes a refresh token again only as long as nothing that came of it has been used.
 */
export async function killAroundRefreshes(databaseUrl: string, killCount: number): Promise<RefreshKills> {
  let refreshCount = 0;
  let onRefresh = (): void => {};
  const sandbox = await createSandboxBank({
    host: '127.0.0.1',
    port: 0,
    dataFile: null,
    tokenSeconds: 1,
    onRefresh: () => {
      refreshCount += 1;
      onRefresh();
    },
  });
  const database = await openDatabase({ databaseUrl, directory: null });
  const encryption = createEncryption(singleKey(Buffer.alloc(32, 7)));
  const bank = createBerlinGroupBank(oauthBankEntry(sandbox.url), { clock: systemClock });
  const children: Child<object>[] = [];
  try {
    const clientId = await insertClient(database, new Date());
    const sealed = sealedCredentials(encryption, (await connect(bank)).text);
    const { loginId } = await insertEnrolledUser(database, { clientId, now: new Date(), credentials: sealed });
    const { id: consentId } = await database.prisma.consent.findFirstOrThrow({ where: { bankLoginId: loginId } });
    const options: TokenProcessOptions = { databaseUrl, bankUrl: sandbox.url, consentId, leaseSeconds: 1 };
    const start = async (): Promise<void> => void children.push(await startChild('token-process.ts', options));
    await start();
    await start();
    for (let kills = 0; kills < killCount; kills++) {
      await new Promise<void>((resolve) => {
        onRefresh = resolve;
      });
      // Before the reply, on its way, while it is stored, or after.
      await delay(Math.random() * 12);
      await children.splice(kills % 2, 1)[0]?.kill();
      await start();
    }
    for (const child of children.splice(0)) await child.kill();
    const consent = await database.prisma.consent.findUniqueOrThrow({ where: { id: consentId } });
    const keeper = createCredentialKeeper({ store: createCredentialStore(database), encryption });
    const credentials = keeper.of({ id: consentId, credentials: consent.credentials ?? '' });
    const { accounts } = await bank.listAccounts({ credentials, psu: null });
    return { killCount, refreshCount, reusedTokens: sandbox.countReusedTokens(), isAlive: accounts.length > 0 };
  } finally {
    for (const child of children) await child.kill();
    await bank.close();
    await database.close();
    await sandbox.close();
  }
}

async function connect(bank: ReturnType<typeof createBerlinGroupBank>): Promise<KeptCredentials> {
  const psu = { ipAddress: '192.0.2.7' };
  const callbackUrl = 'https://tidewater.example/callback';
  const begun = await bank.begin({
    psu,
    callbackUrl,
    redirectUrl: callbackUrl,
    nokRedirectUrl: callbackUrl,
    state: 's',
    recurring: true,
    validUntil: new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10),
    frequencyPerDay: 4,
    ibans: [],
  });
  const { next } = begun.progress;
  if (next.step !== 'go-to-bank') throw new Error(`The bank wants ${next.step}.`);
  const login = await createFormBrowser({ stopBefore: (url) => url.startsWith(callbackUrl) }).open(next.url);
  const code = await login.submit({ psu_id: 'anna', password: 'sandbox' });
  const back = await (await code.submit({ otp: '123456' })).submit({}, 'approve');
  const credentials = ownCredentials(begun.credentials, async () => {});
  await bank.callback(credentials, { psu, parameters: new URL(back.url).searchParams });
  return credentials;
}

// npm run refresh-kills: by hand, 200 unless another number is given.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const server = await startPostgresServer();
  if (!server) throw new Error('Two processes need a PostgreSQL server.');
  const figures = await killAroundRefreshes(await server.createDatabase(), Number(process.argv[2] ?? 200));
  console.log(JSON.stringify(figures));
  await server.stop();
  process.exitCode = figures.reusedTokens === 0 && figures.isAlive ? 0 : 1;
}
