import { BankFailure } from '../../src/banking/bank-failure.ts';
import { createBerlinGroupBank } from '../../src/banking/berlin-group/berlin-group-bank.ts';
import { createCredentialKeeper } from '../../src/consent/credential-keeper.ts';
import { createCredentialStore } from '../../src/consent/credential-store.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { createEncryption, singleKey } from '../../src/storage/encryption.ts';
import { announce } from './announce.ts';
import { oauthBankEntry } from './oauth-bank-entry.ts';

/** Reads the accounts of one consent again and again, as fast as it can, until somebody ends the process. */
export interface TokenProcessOptions {
  databaseUrl: string;
  bankUrl: string;
  consentId: string;
  leaseSeconds: number;
}

const options = JSON.parse(process.argv[2] ?? '{}') as TokenProcessOptions;
const database = await openDatabase({ databaseUrl: options.databaseUrl, directory: null });
const encryption = createEncryption(singleKey(Buffer.alloc(32, 7)));
const keeper = createCredentialKeeper({ store: createCredentialStore(database), encryption, ...options });
const bank = createBerlinGroupBank(oauthBankEntry(options.bankUrl), { clock: systemClock });
const psu = { ipAddress: '192.0.2.7' };

announce({});
for (;;) {
  const consent = await database.prisma.consent.findUniqueOrThrow({ where: { id: options.consentId } });
  const credentials = keeper.of({ id: consent.id, credentials: consent.credentials ?? '' });
  await bank.listAccounts({ credentials, psu }).catch((error: unknown) => {
    if (!(error instanceof BankFailure) || error.code.startsWith('CONSENT_')) throw error;
  });
}
