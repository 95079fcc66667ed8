import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readMigrations } from '../storage/migrations.ts';
import { diffSchema, migrationLockFile } from '../storage/schema-engine.ts';

// npm run migration -- <name>     writes the next migration
// npm run migration -- --check    exit code 2 when schema.prisma and the migrations disagree
const prismaDirectory = fileURLToPath(new URL('../../prisma', import.meta.url));
const migrationsDirectory = join(prismaDirectory, 'migrations');

const [argument] = process.argv.slice(2);
if (!argument || (argument !== '--check' && !/^[a-z][a-z0-9_]*$/.test(argument))) {
  console.error('Usage: npm run migration -- <name_in_snake_case>, or npm run migration -- --check');
  process.exit(1);
}

await mkdir(migrationsDirectory, { recursive: true });
const schema = await readFile(join(prismaDirectory, 'schema.prisma'), 'utf8');
const sql = await diffSchema(schema, await readMigrations(migrationsDirectory));

if (argument === '--check') {
  if (sql) {
    console.error(`schema.prisma and prisma/migrations disagree; this is missing:\n\n${sql}\n`);
    console.error('Run: npm run migration -- <name>');
    process.exit(2);
  }
  console.log('schema.prisma and prisma/migrations agree.');
} else if (sql) {
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const directory = join(migrationsDirectory, `${stamp}_${argument}`);
  await mkdir(directory);
  await writeFile(join(directory, 'migration.sql'), `${sql}\n`);
  await writeFile(join(migrationsDirectory, 'migration_lock.toml'), migrationLockFile);
  console.log(`Wrote ${directory}/migration.sql: read it before you commit it.`);
} else {
  console.log('Nothing to migrate: schema.prisma and prisma/migrations agree.');
}
