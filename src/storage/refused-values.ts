/** Whether the database has refused the values themselves (SQLSTATE 22, 23, 54): the same would be refused again. */
export function isRefusedByDatabase(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^(22|23|54)[0-9A-Z]{3}$/.test(code);
}
