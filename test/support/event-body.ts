import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { eventCatalogue } from '../../src/events/event-catalogue.ts';
import { toEventJsonSchema } from '../../src/events/event-schema.ts';

const validators = new Map<string, ValidateFunction>();

function validatorOf(name: string): ValidateFunction | null {
  const known = validators.get(name);
  if (known) return known;
  const definition = Object.values(eventCatalogue).find((candidate) => candidate.name === name);
  if (!definition) return null;
  const ajv = new Ajv2020({ strict: true });
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  const validator = ajv.compile(toEventJsonSchema(definition));
  validators.set(name, validator);
  return validator;
}

/** Why a webhook's body is not an event as `schema/events` describes it; null when it is one. */
export function findBodyFault(text: string): string | null {
  let body: { type?: unknown; timestamp?: unknown; data?: unknown };
  try {
    body = JSON.parse(text);
  } catch {
    return 'is not JSON';
  }
  const validator = validatorOf(String(body.type));
  if (!validator) return `has the unknown type ${body.type}`;
  if (validator(body.data)) {
    const { occurredAt } = body.data as { occurredAt: string };
    return body.timestamp === occurredAt ? null : `${body.type} has another timestamp than its event`;
  }
  const [error] = validator.errors ?? [];
  return `${body.type}${error?.instancePath ?? ''} ${error?.message ?? 'does not fit'}`;
}
