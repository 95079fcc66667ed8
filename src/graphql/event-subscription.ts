import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  print,
  separateOperations,
  visit,
} from 'graphql';
import { parseCursor } from '../events/event-cursor.ts';
import type { EventFilter } from '../events/subscriber-index.ts';

/** A subscription to events, apart from where it begins: subscribers with the same `text` and `variables` get the same. */
export interface EventSubscription {
  document: DocumentNode;
  text: string;
  variables: Record<string, unknown>;
  filter: EventFilter;
  /** Exclusive; null: from now on. */
  after: bigint | null;
}

export interface RequestedSubscription {
  schema: GraphQLSchema;
  /** Valid against the schema. */
  document: DocumentNode;
  operationName?: string | null | undefined;
  variableValues?: Record<string, unknown> | null | undefined;
}

interface Normalized {
  document: DocumentNode;
  text: string;
  operation: OperationDefinitionNode;
  field: FieldNode;
  /** Says nothing but where the subscription begins. */
  cursorVariable: string | null;
}

/** Makes a subscriber's operation comparable. Null for what is to run as it stands: other operations, and faulty arguments. */
export function createSubscriptionReader(): (requested: RequestedSubscription) => EventSubscription | null {
  // Of a document that many send there is one object, since parsed documents are cached by text.
  const known = new WeakMap<DocumentNode, Map<string, Normalized | null>>();

  function find(document: DocumentNode, operationName: string | null | undefined): Normalized | null {
    const byName = known.get(document) ?? new Map<string, Normalized | null>();
    known.set(document, byName);
    const name = operationName ?? '';
    const found = byName.get(name);
    if (found !== undefined) return found;
    const normalized = normalize(document, operationName);
    // A wrong name is as cheap to find wrong again, and there is no end of wrong names.
    if (normalized) byName.set(name, normalized);
    return normalized;
  }

  return ({ schema, document, operationName, variableValues }) => {
    const normalized = find(document, operationName);
    const definition = schema.getSubscriptionType()?.getFields().events;
    if (!normalized || !definition) return null;
    const { operation, field, cursorVariable, text } = normalized;
    const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], { ...variableValues });
    if (!coerced) return null;
    try {
      const { after, since, types, userId, bankLoginId } = getArgumentValues(definition, field, coerced) as Arguments;
      // Its beginning is still to be looked for in the log.
      if (since != null) return null;
      const position = after == null ? null : parseCursor(after);
      if (after != null && position === null) return null;
      return {
        document: normalized.document,
        text,
        variables: pickVariables(operation, cursorVariable, variableValues ?? {}),
        filter: {
          ...(types != null && { types }),
          ...(userId != null && { userId }),
          ...(bankLoginId != null && { bankLoginId }),
        },
        after: position,
      };
    } catch {
      return null;
    }
  };
}

interface Arguments {
  after?: string | null;
  since?: Date | null;
  types?: NonNullable<EventFilter['types']> | null;
  userId?: string | null;
  bankLoginId?: string | null;
}

function normalize(document: DocumentNode, operationName: string | null | undefined): Normalized | null {
  const operation = getOperationAST(document, operationName);
  if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) return null;
  const [field, ...others] = operation.selectionSet.selections;
  if (others.length > 0 || field?.kind !== Kind.FIELD || field.name.value !== 'events' || field.directives?.length) {
    return null;
  }
  const own = separateOperations(document)[operation.name?.value ?? ''];
  if (!own) return null;
  const after = field.arguments?.find(({ name }) => name.value === 'after')?.value;
  const name = after?.kind === Kind.VARIABLE ? after.name.value : null;
  const cursorVariable = name !== null && countUses(own, name) === 1 ? name : null;
  const stripped = withoutCursor(own, operation, field, cursorVariable);
  return { document: stripped, text: print(stripped), operation, field, cursorVariable };
}

function countUses(document: DocumentNode, variable: string): number {
  let count = 0;
  visit(document, {
    VariableDefinition: () => false,
    Variable: ({ name }) => {
      if (name.value === variable) count++;
    },
  });
  return count;
}

function withoutCursor(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  field: FieldNode,
  cursorVariable: string | null,
): DocumentNode {
  const isKept = ({ name }: { name: { value: string } }) => name.value !== 'after';
  const stripped: OperationDefinitionNode = {
    ...operation,
    variableDefinitions: (operation.variableDefinitions ?? []).filter(
      ({ variable }) => variable.name.value !== cursorVariable,
    ),
    selectionSet: {
      ...operation.selectionSet,
      selections: [{ ...field, arguments: (field.arguments ?? []).filter(isKept) }],
    },
  };
  return {
    ...document,
    definitions: document.definitions.map((definition) => (definition === operation ? stripped : definition)),
  };
}

// As they were given, since execution coerces them again; in one order, so that equal ones are written the same.
function pickVariables(
  { variableDefinitions = [] }: OperationDefinitionNode,
  cursorVariable: string | null,
  given: Record<string, unknown>,
): Record<string, unknown> {
  const names = variableDefinitions
    .map(({ variable }) => variable.name.value)
    .filter((name) => name !== cursorVariable);
  return Object.fromEntries(names.sort().flatMap((name) => (name in given ? [[name, given[name]]] : [])));
}
