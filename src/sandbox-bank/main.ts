import { join } from 'node:path';
import { createSandboxBank } from './sandbox-bank.ts';

// npm run sandbox-bank: the sandbox bank alone.
const { SANDBOX_BANK_PORT = '4001', HOST = '127.0.0.1', DATA_DIR = '.data' } = process.env;
const bank = await createSandboxBank({
  host: HOST,
  port: Number(SANDBOX_BANK_PORT),
  dataFile: join(DATA_DIR, 'sandbox-bank.jsonl'),
});
console.log(`The sandbox bank answers at ${bank.url} (redirect), ${bank.url}/decoupled and ${bank.url}/embedded.`);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => void bank.close().then(() => process.exit(0)));
