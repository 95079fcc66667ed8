import {
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  type GraphQLError,
  Kind,
  locatedError,
  visit,
} from 'graphql';

/**
 * Makes of a compiled run that ended with one error of a resolver what the executor makes of it. Null for any other: texts of
 * its own, such as that of a null which must not be, graphql-jit words in its own way, and several errors it puts in another order.
 */
export function toExecutorResult({ data, errors }: ExecutionResult, document: DocumentNode): ExecutionResult | null {
  const [error, ...others] = errors ?? [];
  if (!error || others.length > 0 || data === undefined || !(error.originalError instanceof Error)) return null;
  if (data === null && !isOnlyField(document, error)) return null;
  return { errors: [locatedError(error.originalError, findFields(document, error), error.path)], data };
}

// Once nothing is left of the data, graphql-jit keeps no further errors: only where there was nothing else is it known to be the one.
function isOnlyField({ definitions }: DocumentNode, { path }: GraphQLError): boolean {
  const operation = definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION);
  const [only, ...others] = operation?.selectionSet.selections ?? [];
  return only?.kind === Kind.FIELD && others.length === 0 && path?.length === 1;
}

// graphql-jit's errors say where, and not at which nodes: whoever maps an error goes by these.
function findFields(document: DocumentNode, { locations }: GraphQLError): FieldNode[] {
  const places = new Set(locations?.map(({ line, column }) => `${line}:${column}`));
  const found: FieldNode[] = [];
  visit(document, {
    Field(node) {
      const start = node.loc?.startToken;
      if (start && places.has(`${start.line}:${start.column}`)) found.push(node);
    },
  });
  return found;
}
