import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { findContractDifferences } from './contract-differences.ts';

const root = new URL('../../', import.meta.url);
const contractFile = process.argv[2] ?? fileURLToPath(new URL('../shared/contract.graphql', root));

const emitted = await readFile(new URL('schema/schema.graphql', root), 'utf8');
const promised = await readFile(contractFile, 'utf8').catch(() => null);
if (promised === null) {
  console.log(`Contract not compared: ${contractFile} is not at hand.`);
} else {
  const differences = findContractDifferences(promised, emitted);
  for (const difference of differences) console.log(difference);
  console.log(`${differences.length} differences between schema/schema.graphql and the contract.`);
  if (differences.length > 0) process.exitCode = 1;
}
