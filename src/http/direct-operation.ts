import type { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { type DocumentNode, type ExecutionResult, getOperationAST } from 'graphql';
import { processRegularResult } from 'graphql-yoga';
import type { Logger } from 'pino';
import type { Context } from '../graphql/context.ts';
import { type DoorContext, type GraphQLEndpoint, maskError } from './graphql-endpoint.ts';
import type { ProcessorBudget } from './processor-budget.ts';
import { costInMs } from './processor-prices.ts';
import type { ResultMapper } from './result-mapping.ts';
import type { PricedContext } from './use-operation-prices.ts';

/** Bodies up to here: longer ones are rare, and reading is not what they wait for. */
const directBodyBytes = 16 * 1024;

export type AnswerOperation = (request: IncomingMessage, response: ServerResponse, door: DoorContext) => Promise<void>;

/** Says what the operation has been priced as. */
type Run = (priced: PricedContext) => Promise<ExecutionResult>;

interface DirectAnswerDependencies {
  mapResult: ResultMapper;
  budget: Pick<ProcessorBudget, 'charge'>;
  requestIds: AsyncLocalStorage<string>;
  logger: Logger;
  /** Every request is left to yoga, whose plugins say which documents may be run. @default false */
  closed?: boolean;
}

/**
 * Answers the plain request, one query or mutation as JSON, without the Fetch API objects that cost yoga more than the
 * operation itself. The operation goes through the same plugins, and its result becomes an answer by yoga's own rules;
 * whatever is not plain, and whatever is refused before it runs, is left to yoga, which knows every case.
 */
export function createDirectAnswer(
  endpoint: GraphQLEndpoint,
  { mapResult, budget, requestIds, logger, closed = false }: DirectAnswerDependencies,
): AnswerOperation {
  // yoga's cache puts a key together from the names of all rules each time.
  const valid = new WeakSet<DocumentNode>();
  return async (request, response, door) => {
    const mediaType = !closed && isPlain(request) ? toMediaType(request.headers.accept) : null;
    if (mediaType === null) return await toYoga(request);
    const body = await readBody(request);
    if (body === null) return;
    const operation = prepare(body, request);
    // Its stream has been read: yoga gets another one.
    if (!operation) return await toYoga(Object.assign(request, { body: Readable.from([body]) }));
    const priced: PricedContext = {};
    const result = await operation(priced).catch((error: unknown) => ({
      errors: [maskError(error, door.requestId, logger)],
    }));
    const { status, headers, body: text } = toPlainResponse(mapResult(result, door.requestId), mediaType);
    const length = Buffer.byteLength(text);
    const { pricedMs } = priced;
    if (pricedMs !== undefined) budget.charge(door.viewer.clientId, costInMs(length) - pricedMs);
    // A text goes out in one piece with the head before it.
    response.writeHead(status, { ...headers, 'content-length': length }).end(text);

    async function toYoga(whole: IncomingMessage): Promise<void> {
      await requestIds.run(door.requestId, () => endpoint(whole, response, door));
    }

    function prepare(text: Buffer, req: IncomingMessage): Run | null {
      const params = parseParameters(text);
      if (!params) return null;
      const { schema, parse, validate, execute, contextFactory } = endpoint.getEnveloped({
        ...door,
        req,
        res: response,
        // All that yoga's plugins read of it.
        request: { method: 'POST' },
        params,
      } as never);
      const document = parseOrNull(() => parse(params.query));
      if (!document) return null;
      if (!valid.has(document)) {
        if (validate(schema, document).length > 0) return null;
        valid.add(document);
      }
      const kind = getOperationAST(document, params.operationName)?.operation;
      if (kind === undefined || kind === 'subscription') return null;
      return async (priced) => {
        const contextValue = (await contextFactory()) as Context & PricedContext;
        const { variables: variableValues, operationName } = params;
        const result = await execute({ schema, document, contextValue, variableValues, operationName });
        priced.pricedMs = contextValue.pricedMs;
        return result;
      };
    }
  };
}

function isPlain({ method, url, headers }: IncomingMessage): boolean {
  return (
    method === 'POST' &&
    url === '/graphql' &&
    /^application\/json(; ?charset=utf-8)?$/i.test(headers['content-type'] ?? '') &&
    headers['content-encoding'] === undefined &&
    Number(headers['content-length'] ?? Number.NaN) <= directBodyBytes
  );
}

const json = 'application/json';
const mediaTypes: ReadonlyMap<string, string> = new Map([
  ['*/*', json],
  [json, json],
  ['application/graphql-response+json', 'application/graphql-response+json'],
]);

/** Null: not a header that says it plainly. Of several, the first is taken; none has a better claim than another. */
function toMediaType(accept: string | undefined): string | null {
  if (accept === undefined) return json;
  if (/charset/i.test(accept)) return null;
  const [first = ''] = accept.split(/[,;]/, 1);
  return mediaTypes.get(first.trim().toLowerCase()) ?? null;
}

/** Null: the caller left in the middle. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  return await new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.once('close', () => resolve(null));
  });
}

interface Parameters {
  query: string;
  variables?: Record<string, unknown> | null;
  operationName?: string | null;
}

const parameterNames = new Set(['query', 'variables', 'operationName']);

/** Null: not plainly one operation. */
function parseParameters(body: Buffer): Parameters | null {
  let given: unknown;
  try {
    given = JSON.parse(body.toString());
  } catch {
    return null;
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return null;
  for (const name of Object.keys(given)) if (!parameterNames.has(name)) return null;
  const { query, variables, operationName } = given as Record<string, unknown>;
  if (typeof query !== 'string' || Array.isArray(variables)) return null;
  if (!/^(object|undefined)$/.test(typeof variables)) return null;
  if (operationName != null && typeof operationName !== 'string') return null;
  return given as Parameters;
}

function parseOrNull(parse: () => DocumentNode): DocumentNode | null {
  try {
    return parse();
  } catch {
    return null;
  }
}

interface PlainResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
}

// yoga's rules for status, headers and body, without the object that it would put them into.
function toPlainResponse(result: ExecutionResult, mediaType: string): PlainResponse {
  return processRegularResult(result as never, { Response: Plain } as never, mediaType) as unknown as PlainResponse;
}

class Plain implements PlainResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;

  constructor(body: string, { status, headers }: Pick<PlainResponse, 'status' | 'headers'>) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}
