import { onTestFinished } from 'vitest';
import { createBankDirectory } from '../../src/banking/bank-directory.ts';
import { sandboxBanks } from '../../src/config/sandbox-banks.ts';
import { credentialsOf } from '../../src/consent/consent-store.ts';
import { ownCredentials } from '../../src/consent/credential-keeper.ts';
import { createEncryption, singleKey } from '../../src/storage/encryption.ts';
import type { ConnectedWorld } from './connected-world.ts';

/** What the bank itself says of every consent that has been begun, oldest first, once all that was due to be ended has been. */
export async function askBankOfConsents(world: ConnectedWorld): Promise<string[]> {
  const encryption = createEncryption(singleKey(Buffer.alloc(32, 7)));
  const rows = await world.database.prisma.consent.findMany({ orderBy: { id: 'asc' } });
  await runMaintenance(world);
  const banks = createBankDirectory(sandboxBanks(world.bankUrl), { clock: world.clock });
  onTestFinished(async () => await banks.close());
  return await Promise.all(
    rows.map(async ({ id, bankId, credentials }) => {
      const { status } = await banks
        .get(bankId)
        .getConsent(ownCredentials(encryption.decrypt(credentials ?? '', credentialsOf(id)), async () => {}));
      return status;
    }),
  );
}

export async function runMaintenance(world: ConnectedWorld): Promise<void> {
  for (const { run } of world.connections.maintenance) await run();
}
