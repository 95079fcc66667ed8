import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isLeafType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  typeFromAST,
  visit,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../graphql/context.ts';
import { type CompiledDocument, createCompiledDocuments } from './compiled-documents.ts';
import { toExecutorResult } from './compiled-errors.ts';

/** Compiling costs as much as some twenty runs: a document that comes once or twice is not worth it. */
const runsBeforeCompiling = 3;

/** How many runs a document is left to the executor whose errors only the executor can word: what runs twice is one in so many. */
const runsOfRest = 20;

/** Each field counts once per type that its parent may have: as much code is generated. */
const mostWeight = 400;

/** Of a compiled run: what its resolvers look at before they begin. */
const runSignal = Symbol('signal of a compiled run');

type Signal = Pick<AbortSignal, 'aborted' | 'throwIfAborted'>;
type Run = (ExecutionArgs & { signal?: Signal }) | ExecutionArgs;
type CompiledRun = CompiledDocument['run'];
type Execute = (args: Run) => PromiseLike<ExecutionResult> | ExecutionResult;

/**
 * Runs queries that come again and again as compiled code, which takes a tenth of the executor's time for a large page.
 * Only documents of which both are known to make the same are compiled. An error of a resolver is taken from it as the
 * executor would tell it. What only the executor can tell is run again by it: a query has no effects.
 */
export function useCompiledQueries(schema: GraphQLSchema): Plugin<Context> {
  guardResolvers(schema);
  const runs = new WeakMap<DocumentNode, number>();
  const uncompilable = new WeakSet<DocumentNode>();
  const compiled = createCompiledDocuments({ onDropped: (document) => runs.delete(document) });

  function find(document: DocumentNode): CompiledDocument | null {
    const found = compiled.get(document);
    if (found) return found;
    if (uncompilable.has(document)) return null;
    const count = (runs.get(document) ?? 0) + 1;
    runs.set(document, count);
    if (count < runsBeforeCompiling) return null;
    const run = isCompilable(schema, document) ? compile(schema, document) : null;
    if (!run) {
      uncompilable.add(document);
      return null;
    }
    const added = { run, rest: 0 };
    compiled.set(document, added);
    return added;
  }

  return {
    onExecute({ executeFn, setExecuteFn }) {
      const execute = executeFn as unknown as Execute;
      setExecuteFn((args: Run) => {
        const query = args.schema === schema ? find(args.document) : null;
        if (!query) return execute(args);
        if (query.rest === 0) return runCompiled(query, args, execute);
        query.rest--;
        return execute(args);
      });
    },
  };
}

async function runCompiled(query: CompiledDocument, args: Run, execute: Execute): Promise<ExecutionResult> {
  const signal = 'signal' in args ? args.signal : undefined;
  const contextValue = { ...(args.contextValue as object), [runSignal]: signal ?? null };
  const result = await runToEnd(query.run, args, contextValue);
  if (result && !result.errors) return result;
  if (result?.errors && signal?.aborted) return { errors: result.errors };
  const told = result && toExecutorResult(result, args.document);
  if (told) return told;
  // A result without data is that of variables which were refused: nothing has run.
  if (!result || result.data !== undefined) query.rest = runsOfRest;
  return await execute(args);
}

/** Null: the compiled code itself failed, which is left to the executor like whatever goes wrong. */
async function runToEnd(run: CompiledRun, args: Run, contextValue: object): Promise<ExecutionResult | null> {
  try {
    return await run(args.rootValue, contextValue, args.variableValues);
  } catch {
    return null;
  }
}

function compile(schema: GraphQLSchema, document: DocumentNode): CompiledRun | null {
  try {
    const compiled = compileQuery(schema, document);
    return isCompiledQuery(compiled) ? compiled.query : null;
  } catch {
    // The executor runs it as ever.
    return null;
  }
}

/** Whether compiled code is known to make of it what the executor makes, and is not too long. */
export function isCompilable(schema: GraphQLSchema, document: DocumentNode): boolean {
  const operations = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  const [operation] = operations;
  if (!operation || operations.length > 1 || operation.operation !== 'query') return false;
  return isPlain(schema, document) && weigh(schema, document, operation) <= mostWeight;
}

// Whatever else a text holds, it would become part of the code: graphql-jit turns its own marks in texts into expressions.
const harmlessText = /^(?!.*__)[\w.:+ -]*$/;

// Conditions are compiled into the document's own nodes; the names of response paths are joined with underscores, so that
// two can become one; literal objects and variables of input types are coerced by rules of its own.
function isPlain(schema: GraphQLSchema, document: DocumentNode): boolean {
  let plain = true;
  const refuse = () => {
    plain = false;
  };
  visit(document, {
    Directive: refuse,
    ObjectValue: refuse,
    StringValue({ value }) {
      if (!harmlessText.test(value)) refuse();
    },
    VariableDefinition({ type }) {
      if (!isLeafType(getNamedType(typeFromAST(schema, type as never)))) refuse();
    },
    Field({ name, alias }) {
      const names = alias ? [name.value, alias.value] : [name.value];
      if (names.some((one) => one.includes('_') && one !== '__typename')) refuse();
    },
  });
  return plain;
}

function weigh(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of document.definitions) if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  const listKinds = (type: GraphQLNamedType | undefined): readonly GraphQLObjectType[] => {
    if (isAbstractType(type)) return schema.getPossibleTypes(type);
    return isObjectType(type) ? [type] : [];
  };
  let weight = 0;
  // `kinds`: the types that the parent may be of, each with code of its own, `times` over.
  const add = (kinds: readonly GraphQLObjectType[], { selections }: SelectionSetNode, times: number): void => {
    for (const selection of selections) {
      if (weight > mostWeight || kinds.length === 0) return;
      if (selection.kind === Kind.FIELD) {
        weight += times * kinds.length;
        const [field] = kinds.flatMap((kind) => kind.getFields()[selection.name.value] ?? []);
        if (!selection.selectionSet || !field) continue;
        add(listKinds(getNamedType(field.type)), selection.selectionSet, times * kinds.length);
        continue;
      }
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
      if (!fragment) continue;
      const name = fragment.typeCondition?.name.value;
      const met = name === undefined ? kinds : listKinds(schema.getType(name));
      add(
        kinds.filter((kind) => met.includes(kind)),
        fragment.selectionSet,
        times,
      );
    }
  };
  add(listKinds(schema.getQueryType() ?? undefined), operation.selectionSet, 1);
  return weight;
}

const guarded = new WeakSet<GraphQLSchema>();

/**
 * Compiled code knows no signal, and takes no error or promise from a `resolveType`. In a compiled run no resolver starts
 * once the operation has ended, and such a type is an error of the run, after which the executor runs the query.
 */
function guardResolvers(schema: GraphQLSchema): void {
  if (guarded.has(schema)) return;
  guarded.add(schema);
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    if (isAbstractType(type) && type.resolveType) {
      const { resolveType } = type;
      type.resolveType = (value, context, info, abstractType) => {
        if (context?.[runSignal] === undefined) return resolveType(value, context, info, abstractType);
        try {
          const name = resolveType(value, context, info, abstractType);
          return typeof name === 'string' ? name : undefined;
        } catch {
          return undefined;
        }
      };
    }
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const { resolve } = field;
      if (!resolve) continue;
      field.resolve = (parent, args, context, info) => {
        context?.[runSignal]?.throwIfAborted();
        return resolve(parent, args, context, info);
      };
    }
  }
}
