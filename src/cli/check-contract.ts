import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { findContractDifferences } from './contract-differences.ts';

const root = new URL('../../', import.meta.url);
const given = process.argv.slice(2);
// The second says what the API has gained on top of the first: together they are one document.
const ofProject = ['contract', 'contract-next'].map((name) =>
  fileURLToPath(new URL(`../shared/${name}.graphql`, root)),
);
const contractFiles = given.length > 0 ? given : ofProject;

const emitted = await readFile(new URL('schema/schema.graphql', root), 'utf8');
const texts = await Promise.all(contractFiles.map((file) => readFile(file, 'utf8').catch(() => null)));
const missing = contractFiles.filter((_, index) => texts[index] === null);
if (missing.length > 0) {
  console.log(`Contract not compared: ${missing.join(', ')} is not at hand.`);
} else {
  const differences = findContractDifferences(texts.join('\n'), emitted);
  for (const difference of differences) console.log(difference);
  console.log(`${differences.length} differences between schema/schema.graphql and the contract.`);
  if (differences.length > 0) process.exitCode = 1;
}
