import type { FieldFault } from '../domain/errors.ts';
import { eventNames } from '../events/event-catalogue.ts';
import type { EventRecord } from '../events/event-record.ts';
import type { DocumentRunner } from './document-runner.ts';
import { type AddressRules, findAddressFault } from './endpoint-address.ts';
import type { CustomHeader } from './endpoint-secrets.ts';
import { type SignatureAlgorithm, signatureAlgorithms } from './signing.ts';
import { type WebhookMethod, webhookMethods } from './webhook-method.ts';

export interface NewWebhookEndpoint {
  url: string;
  /** Null: every type. */
  types?: readonly EventRecord['type'][] | null;
  method?: WebhookMethod;
  description?: string | null;
  headers?: readonly CustomHeader[] | null;
  /** Null: the event as the API returns it. */
  document?: string | null;
  /** Deliveries per second at most; null: no limit. */
  rateLimit?: number | null;
  signatureAlgorithm?: SignatureAlgorithm;
}

/** A field left out stays as it is. */
export type WebhookEndpointChange = Partial<Omit<NewWebhookEndpoint, 'signatureAlgorithm'>> & {
  status?: 'ENABLED' | 'DISABLED';
};

const longestDescription = 500;
const longestDocument = 20_000;
const mostHeaders = 20;
const longestHeaderValue = 4_096;
export const highestRateLimit = 1_000;

// What the connection, the body or the signature decide.
const forbiddenHeaders = new Set([
  ...['host', 'content-length', 'content-type', 'content-encoding', 'connection', 'keep-alive', 'transfer-encoding'],
  ...['upgrade', 'expect', 'te', 'trailer', 'proxy-connection', 'proxy-authorization', 'x-jws-signature'],
]);

/** Every fault of the input at once, each with the path of its field. */
export async function findEndpointFaults(
  input: Partial<NewWebhookEndpoint> & { status?: string },
  { documents, ...address }: AddressRules & { documents: DocumentRunner },
): Promise<FieldFault[]> {
  const faults = [
    ...findTypeFaults(input.types ?? null),
    ...findHeaderFaults(input.headers ?? []),
    ...findDocumentFaults(input.document ?? null, documents),
  ];
  const check = (isFaulty: boolean, path: string, message: string) => {
    if (isFaulty) faults.push({ path: `input.${path}`, message });
  };
  if (input.url !== undefined) {
    const message = await findAddressFault(input.url, address);
    if (message !== null) faults.unshift({ path: 'input.url', message });
  }
  const { method, signatureAlgorithm, status, rateLimit } = input;
  check(
    method !== undefined && !webhookMethods.includes(method),
    'method',
    `must be one of ${webhookMethods.join(', ')}`,
  );
  check(
    signatureAlgorithm !== undefined && !signatureAlgorithms.includes(signatureAlgorithm),
    'signatureAlgorithm',
    `must be one of ${signatureAlgorithms.join(', ')}`,
  );
  check(status !== undefined && status !== 'ENABLED' && status !== 'DISABLED', 'status', 'must be ENABLED or DISABLED');
  check(
    (input.description?.length ?? 0) > longestDescription,
    'description',
    `must have ${longestDescription} characters at most`,
  );
  check(
    rateLimit != null && (!Number.isInteger(rateLimit) || rateLimit < 1 || rateLimit > highestRateLimit),
    'rateLimit',
    `must be a whole number from 1 to ${highestRateLimit}`,
  );
  return faults;
}

function findTypeFaults(types: readonly string[] | null): FieldFault[] {
  if (types === null) return [];
  if (types.length === 0) return [{ path: 'input.types', message: 'must name a type; leave it out for every type' }];
  return types.flatMap((type, index) => {
    const path = `input.types.${index}`;
    if (!Object.hasOwn(eventNames, type)) return [{ path, message: 'is not an event type' }];
    return types.indexOf(type) < index ? [{ path, message: 'is named twice' }] : [];
  });
}

function findHeaderFaults(headers: readonly CustomHeader[]): FieldFault[] {
  if (headers.length > mostHeaders) return [{ path: 'input.headers', message: `must be ${mostHeaders} at most` }];
  const names = headers.map(({ name }) => name.toLowerCase());
  return headers.flatMap(({ value }, index) => {
    const name = names[index] ?? '';
    const nameFault = findHeaderNameFault(name, names.indexOf(name) < index);
    const valueFault = findHeaderValueFault(value);
    return [
      ...(nameFault ? [{ path: `input.headers.${index}.name`, message: nameFault }] : []),
      ...(valueFault ? [{ path: `input.headers.${index}.value`, message: valueFault }] : []),
    ];
  });
}

function findHeaderNameFault(name: string, isRepeated: boolean): string | null {
  // RFC 9110: a token.
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]{1,100}$/.test(name)) return 'is not a header name';
  if (forbiddenHeaders.has(name) || name.startsWith('webhook-')) return 'is a header that we set ourselves';
  return isRepeated ? 'is named twice' : null;
}

function findHeaderValueFault(value: string): string | null {
  if (value.length > longestHeaderValue) return `must have ${longestHeaderValue} characters at most`;
  return /^[\x20-\x7e\t]*$/.test(value) ? null : 'must be of visible ASCII characters, spaces and tabs';
}

function findDocumentFaults(document: string | null, documents: DocumentRunner): FieldFault[] {
  if (document === null) return [];
  const path = 'input.document';
  if (document.length > longestDocument) return [{ path, message: `must have ${longestDocument} characters at most` }];
  return documents.validate(document).map(({ message }) => ({ path, message }));
}
