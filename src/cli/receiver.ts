import { parseArgs } from 'node:util';
import { startWebhookReceiver } from './receiver/webhook-receiver.ts';
import { parseVerificationKey, type VerificationKey } from './receiver/webhook-verification.ts';

const usage = `A webhook receiver to try things out with: verifies each webhook, prints its event once, and answers.

  npm run receiver -- --secret whsec_… [--port 9000] [--host 127.0.0.1] [--fail-rate 0.2]

  --secret      what createWebhookEndpoint or rotateWebhookSecret gave: whsec_…, or whpk_… of an Ed25519 endpoint. Several while
                a secret is being rotated. Left out: WEBHOOK_SECRET of the environment, several parted by spaces.
  --fail-rate   the share of webhooks to answer with 500, from 0 to 1, to see them come again.
`;

interface Settings {
  host: string;
  port: number;
  failRate: number;
  keys: VerificationKey[];
}

function parseSettings(): Settings {
  const { values } = parseArgs({
    options: {
      secret: { type: 'string', multiple: true },
      port: { type: 'string', default: '9000' },
      host: { type: 'string', default: '127.0.0.1' },
      'fail-rate': { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const secrets = values.secret ?? process.env.WEBHOOK_SECRET?.split(/\s+/).filter(Boolean) ?? [];
  if (secrets.length === 0) throw new Error('Give the secret of the endpoint by --secret or WEBHOOK_SECRET.');
  return {
    host: values.host,
    port: parseNumber('--port', values.port, 65_535),
    failRate: parseNumber('--fail-rate', values['fail-rate'], 1),
    keys: secrets.map(parseVerificationKey),
  };
}

function parseNumber(name: string, text: string, most: number): number {
  const number = Number(text);
  if (text.trim() === '' || !(number >= 0 && number <= most)) throw new Error(`${name} must be 0 to ${most}.`);
  return number;
}

try {
  const { url, close } = await startWebhookReceiver({ ...parseSettings(), print: (line) => console.log(line) });
  console.log(`Receiving webhooks at ${url}. Ctrl-C stops it.`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close());
} catch (error) {
  console.error(`${(error as Error).message}\n\n${usage}`);
  process.exitCode = 1;
}
