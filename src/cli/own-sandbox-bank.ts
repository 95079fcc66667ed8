import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { StartupError } from '../domain/errors.ts';
import { createSandboxBank } from '../sandbox-bank/sandbox-bank.ts';

/** The sandbox bank in the process, unless it is turned off. Throws StartupError when its port is taken. */
export async function openSandboxBank({ sandboxBankPort, host, dataDir }: Config) {
  if (sandboxBankPort === null) return null;
  try {
    return await createSandboxBank({ host, port: sandboxBankPort, dataFile: join(dataDir, 'sandbox-bank.jsonl') });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw new StartupError(
      `SANDBOX_BANK_PORT: port ${sandboxBankPort} on ${host} is taken by another program. Give another port, or turn it off.`,
      { cause },
    );
  }
}
