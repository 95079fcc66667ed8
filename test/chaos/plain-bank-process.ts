import { createSandboxBank } from '../../src/sandbox-bank/sandbox-bank.ts';
import { announce } from './announce.ts';

// The sandbox bank as it is, over consents that have been given.
const { dataFile } = JSON.parse(process.argv[2] ?? '') as { dataFile: string };
const bank = await createSandboxBank({ host: '127.0.0.1', port: 0, dataFile });
announce({ url: bank.url });
