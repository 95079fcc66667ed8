import type { z } from 'zod';
import { Refusal } from './exchange.ts';

/** The JSON of a request. Nothing at all counts as `{}`. */
export function parseBody<T>(schema: z.ZodType<T>, text: string): T {
  let value: unknown = {};
  try {
    if (text.trim() !== '') value = JSON.parse(text);
  } catch {
    throw new Refusal(400, 'FORMAT_ERROR', 'The body is not JSON.');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refusal(400, 'FORMAT_ERROR', `${issue?.path.join('.')}: ${issue?.message}`);
}
