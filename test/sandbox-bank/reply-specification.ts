import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import type { BankWorld } from './bank-world.ts';

type Json = { [key: string]: Json } & { $ref?: string };

/** What is wrong with a reply by the Berlin Group's own OpenAPI file; null where that file does not lie beside the project. */
export function openReplySpecification(): ((seen: BankWorld['replies'][number]) => string[]) | null {
  const file = fileURLToPath(new URL('../../../shared/berlin-group/psd2-api-1.3.11.yaml', import.meta.url));
  if (!existsSync(file)) return null;
  // OpenAPI 3.0 has the JSON Schema of old, where this was a boolean.
  const modern = (key: unknown, value: unknown) => (key === 'exclusiveMinimum' ? undefined : value);
  const document: Json = parse(readFileSync(file, 'utf8'), modern);
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  formats.default(ajv);
  ajv.addSchema(document, 'xs2a');
  const templates = Object.keys(document.paths as object)
    // Payments have a variable where accounts have a word.
    .filter((template) => /^\/v1\/(consents|accounts|card-accounts)/.test(template));

  const resolve = (pointer: string): { pointer: string; value: Json } => {
    const keys = pointer.split('/').slice(1);
    const value = keys.reduce<Json>((node, key) => node?.[key.replaceAll('~1', '/')] as Json, document);
    return value?.$ref ? resolve(value.$ref.slice(1)) : { pointer, value };
  };

  const check = (pointer: string, data: unknown): string | null => {
    const validate = ajv.compile({ $ref: `xs2a#${pointer}` });
    return validate(data) ? null : ajv.errorsText(validate.errors);
  };

  return ({ method, url, reply }) => {
    const path = new URL(url).pathname.replace(/^\/(redirect|decoupled|embedded)/, '');
    const template = templates.find((each) => new RegExp(`^${each.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(path));
    const where = `${method} ${path} -> ${reply.status}`;
    if (!template) return [`${where}: no such path`];
    const pointer = `/paths/${template.replaceAll('/', '~1')}/${method.toLowerCase()}/responses/${reply.status}`;
    const declared = resolve(pointer);
    if (!declared.value) return [`${where}: no such reply`];
    const missing = Object.keys(declared.value.headers ?? {})
      .filter((name) => resolve(`${declared.pointer}/headers/${name}`).value.required && !reply.headers.has(name))
      .map((name) => `${where}: ${name} is missing`);
    if (!declared.value.content)
      return reply.body === '' ? missing : [...missing, `${where}: a body has no place here`];
    const schema = resolve(`${declared.pointer}/content/application~1json/schema`);
    // Of these the file means any: they do not exclude each other.
    const variants = (schema.value.oneOf as unknown as Json[] | undefined)?.map(
      (_, index) => `${schema.pointer}/oneOf/${index}`,
    );
    const faults = (variants ?? [schema.pointer]).map((at) => check(at, reply.body));
    if (faults.includes(null)) return missing;
    return [...missing, `${where}: ${faults.join(' or ')}`];
  };
}
