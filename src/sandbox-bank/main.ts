import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSandboxBank, type SandboxBankOptions } from './sandbox-bank.ts';

// npm run sandbox-bank: the sandbox bank alone.
async function main(): Promise<void> {
  const bank = await createSandboxBank(readSettings(process.env));
  console.log(`The sandbox bank answers at ${bank.url} (redirect), ${bank.url}/decoupled and ${bank.url}/embedded.`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => void bank.close().then(() => process.exit(0)));
}

function readSettings(env: NodeJS.ProcessEnv): SandboxBankOptions {
  const { SANDBOX_BANK_PORT = '4001', SANDBOX_BANK_TRAITS = '', HOST = '127.0.0.1', DATA_DIR = '.data' } = env;
  const read = (name: string) => (env[name] ? readFileSync(env[name], 'utf8') : null);
  const certificate = read('SANDBOX_BANK_CERTIFICATE_FILE');
  const privateKey = read('SANDBOX_BANK_PRIVATE_KEY_FILE');
  const clientAuthority = read('SANDBOX_BANK_CLIENT_CA_FILE');
  const signingAuthority = read('SANDBOX_BANK_SIGNING_CA_FILE');
  if (Boolean(certificate) !== Boolean(privateKey)) {
    throw new Error('SANDBOX_BANK_CERTIFICATE_FILE and SANDBOX_BANK_PRIVATE_KEY_FILE need each other.');
  }
  return {
    host: HOST,
    port: Number(SANDBOX_BANK_PORT),
    traits: SANDBOX_BANK_TRAITS.split(',').filter((name) => name !== ''),
    dataFile: join(DATA_DIR, 'sandbox-bank.jsonl'),
    ...(certificate && privateKey ? { tls: { certificate, privateKey } } : {}),
    ...(clientAuthority ? { clientAuthority } : {}),
    ...(signingAuthority ? { signingAuthority } : {}),
  };
}

main().catch((error: Error) => {
  console.error(`The sandbox bank cannot start: ${error.message}`);
  process.exit(1);
});
