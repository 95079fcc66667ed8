import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { parse } from 'yaml';

/*
 * Checks requests against the Berlin Group's own OpenAPI file. The file is no part of the project: where it does not lie
 * beside it, nothing is checked, and one test says so.
 */

interface Parameter {
  name: string;
  in: 'header' | 'query' | 'path';
  required?: boolean;
}

interface CheckedRequest {
  method: string;
  url: string;
  headers: NodeJS.Dict<string | string[]>;
  rawBody: string;
  body: unknown;
}

export interface Specification {
  /** What is wrong with the request; `basePath` is what stands before `/v1`. */
  findFaults(request: CheckedRequest, basePath: string): string[];
}

export function openSpecification(): Specification | null {
  const file = fileURLToPath(new URL('../../../shared/berlin-group/psd2-api-1.3.11.yaml', import.meta.url));
  if (!existsSync(file)) return null;
  // OpenAPI 3.0 has the JSON Schema of old, where this was a boolean.
  const modern = (key: unknown, value: unknown) => (key === 'exclusiveMinimum' ? undefined : value);
  return createSpecification(parse(readFileSync(file, 'utf8'), modern));
}

type Json = { [key: string]: Json } & { $ref?: string };

function createSpecification(document: Json): Specification {
  const ajv = new Ajv({ strict: false, coerceTypes: true, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(document, 'xs2a');
  // The payments' templates have a variable where ours have a word: the more of the path is fixed, the earlier it counts.
  const templates = Object.keys(document.paths as object).sort((a, b) => countVariables(a) - countVariables(b));

  /** Where a JSON pointer leads, following references. */
  const resolve = (pointer: string): { pointer: string; value: Json } => {
    const value = pointer
      .split('/')
      .slice(1)
      .reduce<Json>((node, key) => node[decodeURIComponent(key).replaceAll('~1', '/')] as Json, document);
    return value?.$ref ? resolve(value.$ref.slice(1)) : { pointer, value };
  };
  const check = (pointer: string, data: unknown): string[] => {
    const validate = ajv.compile({ $ref: `xs2a#${pointer}` });
    // A copy, for coercion writes into what it checks.
    return validate({ ...(data as object) }) ? [] : [ajv.errorsText(validate.errors)];
  };
  const checkValue = (pointer: string, value: unknown): string[] => {
    const validate = ajv.compile({ properties: { value: { $ref: `xs2a#${pointer}` } } });
    return validate({ value }) ? [] : [ajv.errorsText(validate.errors)];
  };

  function findFaults(request: CheckedRequest, basePath: string): string[] {
    const url = new URL(request.url, 'http://bank');
    const path = url.pathname.slice(basePath.length);
    const template = templates.find((candidate) => toPattern(candidate).test(path));
    const pointer = `/paths/${template?.replaceAll('/', '~1')}/${request.method.toLowerCase()}`;
    if (!template || !resolve(pointer).value) return [`no ${request.method} ${path}`];
    return [
      ...findParameterFaults(pointer, request, url.searchParams),
      ...findBodyFaults(`${pointer}/requestBody`, request),
    ].map((fault) => `${request.method} ${template}: ${fault}`);
  }

  function findParameterFaults(pointer: string, request: CheckedRequest, query: URLSearchParams): string[] {
    const count = (resolve(pointer).value.parameters as unknown as unknown[]).length;
    const declared = Array.from({ length: count }, (_, index) => resolve(`${pointer}/parameters/${index}`));
    const faults = declared.flatMap(({ pointer: at, value }) => {
      const parameter = value as unknown as Parameter;
      if (parameter.in === 'path') return [];
      const given =
        parameter.in === 'header' ? request.headers[parameter.name.toLowerCase()] : query.get(parameter.name);
      if (given === undefined || given === null) return parameter.required ? [`${parameter.name} is missing`] : [];
      return checkValue(`${at}/schema`, given).map((fault) => `${parameter.name}: ${fault}`);
    });
    const names = new Set(declared.map(({ value }) => String(value.name).toLowerCase()));
    const strangers = Object.keys(request.headers).filter(
      (name) => /^(psu|tpp|consent)-/.test(name) && !names.has(name),
    );
    return [...faults, ...strangers.map((name) => `${name} has no place here`)];
  }

  function findBodyFaults(pointer: string, request: CheckedRequest): string[] {
    const declared = resolve(pointer);
    if (!declared.value) return request.rawBody === '' ? [] : ['a body has no place here'];
    const schema = resolve(`${declared.pointer}/content/application~1json/schema`);
    const variants = schema.value.oneOf as unknown as Json[] | undefined;
    if (!variants) return check(schema.pointer, request.body);
    // One of the variants is the empty object, which as a schema lets everything pass.
    if (JSON.stringify(request.body) === '{}') return [];
    const fits = variants.some((variant) => variant.$ref && check(variant.$ref.slice(1), request.body).length === 0);
    return fits ? [] : ['the body fits none of the variants'];
  }

  return { findFaults };
}

function toPattern(template: string): RegExp {
  return new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`);
}

function countVariables(template: string): number {
  return template.split('{').length;
}
