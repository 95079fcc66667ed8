import { readFileSync } from 'node:fs';
import { createAuditStore } from '../audit/audit-store.ts';
import { verifyChains } from '../audit/chain-verification.ts';
import { parseConfig } from '../config/config.ts';
import { StartupError } from '../domain/errors.ts';
import { openDataDirectory } from '../storage/data-directory.ts';
import { type Database, openDatabase } from '../storage/database.ts';

// npm run audit-log -- export     the whole log as JSON lines, one chain after the other, oldest first
// npm run audit-log -- verify     exit code 2 when an entry was changed, removed or put in
const pageSize = 1_000;

async function exportLog(database: Database): Promise<void> {
  const store = createAuditStore(database);
  for (const { id: chainId } of await store.listChains()) {
    for (let after: bigint | undefined = 0n; after !== undefined; ) {
      const entries = await store.read(chainId, after, pageSize);
      for (const { sequence, content, hash } of entries) {
        const line = { chainId, sequence: Number(sequence), hash, entry: JSON.parse(content) as unknown };
        process.stdout.write(`${JSON.stringify(line)}\n`);
      }
      after = entries.at(-1)?.sequence;
    }
  }
}

async function verify(database: Database): Promise<void> {
  let chainCount = 0;
  for await (const fault of verifyChains(createAuditStore(database))) {
    chainCount++;
    if (!fault) continue;
    process.exitCode = 2;
    process.stderr.write(`The chain ${fault.chainId} is broken at entry ${fault.sequence}.\n`);
  }
  process.stdout.write(`Followed ${chainCount} chains.\n`);
}

async function main(): Promise<void> {
  const work = { export: exportLog, verify }[process.argv[2] ?? ''];
  if (!work) throw new StartupError('Usage: npm run audit-log -- export, or npm run audit-log -- verify');
  const config = parseConfig(process.env, (path) => readFileSync(path, 'utf8'));
  const data = config.databaseUrl ? null : await openDataDirectory(config.dataDir);
  const databaseUrl = config.databaseUrl?.reveal() ?? null;
  const database = await openDatabase({ databaseUrl, directory: data?.database ?? null, poolSize: 2 });
  try {
    await work(database);
  } finally {
    await database.close();
    await data?.release();
  }
}

main().catch((error: unknown) => {
  const text = error instanceof StartupError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
});
