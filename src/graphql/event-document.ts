import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type FieldNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  type ValueNode,
  validate,
} from 'graphql';
import type { FieldFault } from '../domain/errors.ts';
import type { RunCancellable } from '../storage/statement-cancellation.ts';
import type { DocumentRunner } from '../webhooks/document-runner.ts';
import { type ContextSource, createContext } from './context.ts';
import { refuseDocument } from './document-bounds.ts';
import { mapError } from './error-mapping.ts';
import { documentLimits, operationLimits } from './limits.ts';
import { refuseOperation } from './operation-price.ts';
import { documentHoldsNul } from './storable-text.ts';

export interface DocumentRunnerDependencies {
  schema: GraphQLSchema;
  /** Called for each document, since the services need the webhooks, which need the runner. */
  source: () => ContextSource;
  /** Told of failures that the endpoint's owner is not told of. */
  onUnexpected: (error: unknown) => void;
  /** Null: the stores cannot be interrupted. */
  runCancellable: RunCancellable | null;
  /** How long a document may run for one event. @default 10 s */
  limitMs?: number;
}

const path = 'input.document';

/**
 * Runs an endpoint's own document: the subscription on `events` that its owner would run over WebSocket, once per event. The
 * webhook's `data` is the value of its one field. Filters belong to the endpoint: the document takes the event as it comes.
 */
export function createDocumentRunner({
  schema,
  source,
  onUnexpected,
  runCancellable,
  limitMs = 10_000,
}: DocumentRunnerDependencies): DocumentRunner {
  // Documents are few and events many. Cleared when full: a document that is still in use is parsed again.
  const parsed = new Map<string, { document: DocumentNode } | { faults: FieldFault[] }>();

  function check(text: string): { document: DocumentNode } | { faults: FieldFault[] } {
    const known = parsed.get(text);
    if (known) return known;
    const result = parseDocument(text, schema);
    if (parsed.size >= 1000) parsed.clear();
    parsed.set(text, result);
    return result;
  }

  return {
    validate: (text) => {
      const result = check(text);
      return 'faults' in result ? result.faults : [];
    },
    run: async (text, { clientId, event, rowsPerList }) => {
      const checked = check(text);
      if ('faults' in checked) return { errors: checked.faults.map(({ message }) => message) };
      const viewer = { clientId, keyId: '', scopes: ['CLIENT'] as const, expiresAt: null };
      // The resolver of `events` passes its source on, which is the event, as it does for a subscriber.
      const work = () => {
        const contextValue = createContext(source(), { viewer, requestId: event.id });
        if (rowsPerList !== undefined) contextValue.eventRows.perList = rowsPerList;
        return execute({ schema, document: checked.document, rootValue: event, contextValue });
      };
      const result = await inTime(work, { limitMs, runCancellable });
      if (result === null) return { errors: [`took longer than ${limitMs / 1000} s: ask for less`] };
      if (result.errors) {
        return {
          errors: result.errors.map((error) => {
            const mapped = mapError(error, event.id);
            if (mapped.unexpected !== null) onUnexpected(mapped.unexpected);
            return mapped.error.message;
          }),
        };
      }
      return { data: Object.values(result.data ?? {})[0] ?? null };
    },
  };
}

/** Null when it takes too long: then its statements are cancelled, and what it still does is not waited for. */
async function inTime(
  work: () => PromiseLike<ExecutionResult> | ExecutionResult,
  { limitMs, runCancellable }: { limitMs: number; runCancellable: RunCancellable | null },
): Promise<ExecutionResult | null> {
  const limit = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<null>((resolve) => {
    timer = setTimeout(() => {
      resolve(null);
      limit.abort();
    }, limitMs);
  });
  try {
    return await Promise.race([runCancellable ? runCancellable(limit.signal, work) : work(), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function parseDocument(text: string, schema: GraphQLSchema): { document: DocumentNode } | { faults: FieldFault[] } {
  try {
    if (documentHoldsNul(text)) return { faults: [{ path, message: 'must not hold the character U+0000' }] };
    const document = parse(text, { maxTokens: operationLimits.tokens });
    const tooComplex = refuseDocument(document);
    if (tooComplex) return { faults: [{ path, message: tooComplex.message }] };
    const messages = [
      ...validate(schema, document, undefined, { maxErrors: documentLimits.faults }).map(({ message }) => message),
      ...findMisfits(document),
    ];
    if (messages.length > 0) return { faults: messages.map((message) => ({ path, message })) };
    const refusal = refuseOperation({ schema, document });
    return refusal ? { faults: [{ path, message: refusal.message }] } : { document };
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return { faults: [{ path, message: error.message }] };
  }
}

function findMisfits(document: DocumentNode): string[] {
  const operations = document.definitions.filter(
    (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
  );
  const [operation] = operations;
  if (!operation || operations.length > 1) return ['must hold one operation'];
  if (operation.operation !== OperationTypeNode.SUBSCRIPTION) return ['must be a subscription'];
  const [field] = operation.selectionSet.selections;
  if (operation.selectionSet.selections.length !== 1 || field?.kind !== Kind.FIELD || field.name.value !== 'events') {
    return ['must select `events`, and nothing beside it'];
  }
  if (field.directives?.length) return ['must select `events` without a condition'];
  // A variable that may be null is null where none is given: the subscriber's own `$after` does no harm.
  const needed = (operation.variableDefinitions ?? []).filter(
    ({ type, defaultValue }) => type.kind === Kind.NON_NULL_TYPE && !defaultValue,
  );
  if (needed.length > 0) return ['must not need variables: a webhook has none to give'];
  return findFilters(field, operation);
}

// `after` and `since` say where a subscriber begins; for a webhook they mean nothing and do no harm.
function findFilters(field: FieldNode, { variableDefinitions = [] }: OperationDefinitionNode): string[] {
  const isGiven = (value: ValueNode): boolean => {
    if (value.kind !== Kind.VARIABLE) return value.kind !== Kind.NULL;
    const definition = variableDefinitions.find(({ variable }) => variable.name.value === value.name.value);
    return definition?.defaultValue !== undefined && definition.defaultValue.kind !== Kind.NULL;
  };
  const places = ['after', 'since'];
  const filters = (field.arguments ?? []).filter(({ name, value }) => !places.includes(name.value) && isGiven(value));
  return filters.map(
    ({ name }) => `must not filter by \`${name.value}\`: the endpoint's own \`types\` says what is delivered`,
  );
}
