import type { CustomHeader } from './endpoint-secrets.ts';
import { type SigningKey, signWebhook } from './signing.ts';

const userAgent = 'Tidewater-Webhooks/1.0';

/** The headers of a webhook: the endpoint's own, then those that nothing may replace. */
export function webhookHeaders(
  message: { id: string; sentAt: Date; body: Buffer },
  endpoint: { headers: readonly CustomHeader[]; keys: readonly SigningKey[] },
): Record<string, string> {
  const headers: Record<string, string> = { accept: '*/*', 'user-agent': userAgent };
  for (const { name, value } of endpoint.headers) headers[name.toLowerCase()] = value;
  headers['content-type'] = 'application/json';
  return Object.assign(headers, signWebhook(message, endpoint.keys));
}
