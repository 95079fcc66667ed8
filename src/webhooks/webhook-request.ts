import type { JwsHeaders, JwsSigner } from './detached-jws.ts';
import type { CustomHeader, EndpointSecrets } from './endpoint-secrets.ts';
import { type SignatureAlgorithm, type SignedHeaders, signWebhook, type WebhookMessage } from './signing.ts';

const userAgent = 'Tidewater-Webhooks/1.0';

export interface SigningEndpoint {
  id: string;
  signatureAlgorithm: SignatureAlgorithm;
  sealedSecrets: string;
}

/** Signs as the endpoint has it. */
export function signFor(
  endpoint: SigningEndpoint,
  message: WebhookMessage,
  { secrets, jws }: { secrets: EndpointSecrets; jws: JwsSigner },
): SignedHeaders | Promise<JwsHeaders> {
  if (endpoint.signatureAlgorithm === 'JWS_ES256') return jws.sign(message, endpoint.id);
  return signWebhook(message, secrets.signingKeys(endpoint.id, endpoint.sealedSecrets, message.sentAt));
}

/** The headers of a webhook: the endpoint's own, then those that nothing may replace. */
export function webhookHeaders(
  own: readonly CustomHeader[],
  signed: SignedHeaders | JwsHeaders,
): Record<string, string> {
  const headers: Record<string, string> = { accept: '*/*', 'user-agent': userAgent };
  for (const { name, value } of own) headers[name.toLowerCase()] = value;
  headers['content-type'] = 'application/json';
  return Object.assign(headers, signed);
}
