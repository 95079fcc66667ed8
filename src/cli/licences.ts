import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

// npm run licences: what a release brings along from others, by licence, as package-lock.json has it.

const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), license: z.string().optional(), dev: z.boolean().default(false) }),
  ),
});

/** The packages of a release by their licence (SPDX), `name version` each; those for development alone are left out. */
export function listLicences(lock: string): Map<string, string[]> {
  const { packages } = lockFile.parse(JSON.parse(lock));
  const byLicence = new Map<string, string[]>();
  for (const [path, { version, license = 'none stated', dev }] of Object.entries(packages)) {
    if (path === '' || dev) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    byLicence.set(license, [...(byLicence.get(license) ?? []), `${name} ${version}`]);
  }
  return byLicence;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lock = readFileSync(fileURLToPath(new URL('../../package-lock.json', import.meta.url)), 'utf8');
  for (const [licence, names] of [...listLicences(lock)].sort()) {
    process.stdout.write(`${licence} (${names.length})\n  ${[...new Set(names)].sort().join('\n  ')}\n`);
  }
}
