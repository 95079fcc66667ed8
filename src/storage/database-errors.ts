/** Whether the database has refused the values themselves (SQLSTATE 22, 23, 54): the same would be refused again. */
export function isRefusedByDatabase(error: unknown): boolean {
  return /^(22|23|54)[0-9A-Z]{3}$/.test(codeOf(error));
}

// SQLSTATE admin_shutdown and cannot_connect_now, and a refused connection. What breaks off otherwise may have been broken by its own statement.
const absenceCodes = new Set(['57P01', '57P03', 'ECONNREFUSED']);

/** Whether the database was being stopped or started, which no statement has brought about: the same may work a moment later. */
export function isDatabaseAway(error: unknown): boolean {
  return absenceCodes.has(codeOf(error));
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}
