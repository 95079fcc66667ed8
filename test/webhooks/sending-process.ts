import { pino } from 'pino';
import { parseNetworks } from '../../src/webhooks/address-guard.ts';
import { openClientCertificate } from '../../src/webhooks/client-certificate.ts';
import { createWebhookSender } from '../../src/webhooks/webhook-sender.ts';

// Sends a webhook to every address that it is told, over a connection of its own, and tells what came of it. A process of its
// own, since Node reads NODE_EXTRA_CA_CERTS at its start.
const { CERTIFICATE_FILE: certificateFile, KEY_FILE: privateKeyFile } = process.env;
const clientCertificate = await openClientCertificate({
  files: certificateFile && privateKeyFile ? { certificateFile, privateKeyFile } : null,
  log: pino({ level: 'silent' }),
  lookEveryMs: 50,
});
const sender = createWebhookSender({ networks: parseNetworks(['127.0.0.0/8']), timeoutMs: 5_000, clientCertificate });
let count = 0;
process.on('message', async (url: string) => {
  const request = { endpointId: `whe_${count++}`, url, method: 'POST' as const, headers: {}, body: Buffer.from('{}') };
  process.send?.(await sender.send(request));
});
process.send?.('ready');
