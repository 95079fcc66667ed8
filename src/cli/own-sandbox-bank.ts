import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { StartupError } from '../domain/errors.ts';
import { createSandboxBank, type SandboxBank } from '../sandbox-bank/sandbox-bank.ts';

/** The sandbox bank that runs with us; null where the configuration wants none. Throws a StartupError where its port is taken. */
export async function openOwnSandboxBank({ sandboxBankPort, host, dataDir }: Config): Promise<SandboxBank | null> {
  if (sandboxBankPort === null) return null;
  try {
    return await createSandboxBank({ host, port: sandboxBankPort, dataFile: join(dataDir, 'sandbox-bank.jsonl') });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    const taken = `SANDBOX_BANK_PORT: port ${sandboxBankPort} on ${host} is taken by another program.`;
    throw new StartupError(`${taken} Give another port, or turn it off.`, { cause });
  }
}
