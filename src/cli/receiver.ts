import { parseArgs } from 'node:util';
import { createJwsVerification, type VerifyJws } from './receiver/jws-verification.ts';
import { startWebhookReceiver } from './receiver/webhook-receiver.ts';
import { parseVerificationKey, type VerificationKey } from './receiver/webhook-verification.ts';

const usage = `A webhook receiver to try things out with: verifies each webhook, prints its event once, and answers.

  npm run receiver -- --secret whsec_… [--port 9000] [--host 127.0.0.1] [--fail-rate 0.2]

  --secret      what createWebhookEndpoint or rotateWebhookSecret gave: whsec_…, whpk_… of an Ed25519 endpoint, or the address of
                the public keys of one with JWS. Several while a secret is being rotated. Left out: WEBHOOK_SECRET of the environment, several parted by spaces.
  --endpoint    with JWS: the id of the endpoint, whe_…; left out, what is signed for any is taken.
  --fail-rate   the share of webhooks to answer with 500, from 0 to 1, to see them come again.
`;

interface Settings {
  host: string;
  port: number;
  failRate: number;
  keys: VerificationKey[];
  verifyJws: VerifyJws | null;
}

function parseSettings(): Settings {
  const { values } = parseArgs({
    options: {
      secret: { type: 'string', multiple: true },
      endpoint: { type: 'string' },
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
    ...parseSecrets(secrets, values.endpoint ?? null),
  };
}

function parseSecrets(secrets: readonly string[], endpointId: string | null): Pick<Settings, 'keys' | 'verifyJws'> {
  const [jwksUrl, ...others] = secrets.filter((secret) => /^https?:/.test(secret));
  if (jwksUrl === undefined) return { keys: secrets.map(parseVerificationKey), verifyJws: null };
  if (others.length > 0 || secrets.length > 1) throw new Error('An address of public keys is given alone.');
  return { keys: [], verifyJws: createJwsVerification(jwksUrl, endpointId) };
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
