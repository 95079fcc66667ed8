import type { Settings } from './config.ts';

/** Pairs of settings that are fine alone and cannot work together, by variable name. */
export function findContradictions(given: Settings): string[] {
  const faults: string[] = [];
  const embedded = given.DATABASE_URL === undefined;
  if (!embedded && given.ENCRYPTION_KEY === undefined) {
    faults.push(
      'ENCRYPTION_KEY: is needed with DATABASE_URL, since every process must have the same (openssl rand -base64 32)',
    );
  }
  if (!embedded && given.BANKS_FILE === undefined && effectiveSandboxBankPort(given) === null) {
    faults.push('BANKS_FILE: is needed while the sandbox bank is off; or give SANDBOX_BANK_PORT to try things out');
  }
  if (embedded && given.SANDBOX_BANK_PORT === null && given.BANKS_FILE === undefined) {
    faults.push('BANKS_FILE: is needed when SANDBOX_BANK_PORT is off');
  }
  if (embedded && given.ROLE !== 'all') {
    faults.push('ROLE: needs DATABASE_URL, since the embedded database serves one process alone');
  }
  if (given.TRUSTED_DOCUMENTS_ONLY === 'on' && given.TRUSTED_DOCUMENTS_FILE === undefined) {
    faults.push('TRUSTED_DOCUMENTS_ONLY: needs TRUSTED_DOCUMENTS_FILE, or nothing at all could be run');
  }
  if ((given.WEBHOOK_CLIENT_CERTIFICATE_FILE === undefined) !== (given.WEBHOOK_CLIENT_KEY_FILE === undefined)) {
    faults.push('WEBHOOK_CLIENT_CERTIFICATE_FILE, WEBHOOK_CLIENT_KEY_FILE: need each other');
  }
  if (given.PORT !== 0 && given.PORT === effectiveSandboxBankPort(given)) {
    faults.push('SANDBOX_BANK_PORT: must differ from PORT');
  }
  return faults;
}

export const defaultSandboxBankPort = 4001;

/** Beside the embedded database the sandbox bank is on unless it is turned off; beside a server it is off unless given a port. */
export function effectiveSandboxBankPort(given: Settings): number | null {
  if (given.SANDBOX_BANK_PORT !== undefined) return given.SANDBOX_BANK_PORT;
  return given.DATABASE_URL === undefined ? defaultSandboxBankPort : null;
}
