import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The file that the shell would run for this name, or null. `elsewhere` are folders to look in after the PATH. */
export function findProgram(name: string, elsewhere: readonly string[] = []): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...elsewhere];
  for (const folder of folders) {
    const file = join(folder, name);
    if (isExecutable(file)) return file;
  }
  return null;
}

/** What no test server was found for is said loudly; in CI it is an error, so that nothing is left out in silence there. */
export function leaveOut(what: string, remedy: string): null {
  const message = `${what} is not at hand: the tests that need it are LEFT OUT. ${remedy}`;
  if (process.env.CI === 'true') throw new Error(`CI leaves nothing out. ${message}`);
  process.stderr.write(`\n*** ${message}\n\n`);
  return null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
