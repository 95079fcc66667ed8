import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../graphql/context.ts';
import { priceOperation, refuseOperation } from '../graphql/operation-price.ts';
import type { ProcessorBudget } from './processor-budget.ts';
import { priceInMs } from './processor-prices.ts';

/** Of an operation that has been priced: what its client has been charged until its answer is known. */
export interface PricedContext {
  pricedMs?: number | undefined;
}

interface Asked {
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName?: string | null | undefined;
  variableValues?: unknown;
  contextValue?: unknown;
}

type Execute = (args: Asked) => Promise<ExecutionResult> | ExecutionResult;

/**
 * Refuses what is beyond a limit, and takes from the client's budget what the rest will cost. Before execution rather than in
 * validation: the price follows from the variables, and validation is cached without them.
 */
export function useOperationPrices(budget: ProcessorBudget, statementMs: number): Plugin<Context> {
  const charge = (args: Asked): ReturnType<typeof refuseOperation> => {
    const operation = { ...args, variables: args.variableValues as Record<string, unknown> | undefined };
    const refusal = refuseOperation(operation);
    if (refusal) return refusal;
    const context = args.contextValue as Context & PricedContext;
    const { cost, statements } = priceOperation(operation);
    context.pricedMs = priceInMs(cost);
    budget.charge(context.viewer.clientId, context.pricedMs + statements * statementMs);
    return null;
  };
  return {
    // A document that is known already is neither parsed nor validated.
    onParse({ context, parseFn, setParseFn }) {
      setParseFn((source, options) => timed(budget, context, () => parseFn(source, options)));
    },
    onValidate({ context, validateFn, setValidationFn }) {
      setValidationFn((...given) => timed(budget, context, () => validateFn(...given)));
    },
    onExecute({ args, executeFn, setExecuteFn, setResultAndStopExecution }) {
      const refusal = charge(args);
      if (refusal) return setResultAndStopExecution({ errors: [refusal] });
      const execute = executeFn as unknown as Execute;
      const { clientId } = (args.contextValue as Context).viewer;
      setExecuteFn((given: Asked) => budget.run(clientId, async () => await execute(given)));
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const refusal = charge(args);
      if (refusal) setResultAndStopExecution({ errors: [refusal] });
    },
  };
}

function timed<T>(budget: ProcessorBudget, context: unknown, work: () => T): T {
  const startedAt = performance.now();
  try {
    return work();
  } finally {
    const { viewer } = context as Partial<Context>;
    if (viewer) budget.charge(viewer.clientId, performance.now() - startedAt);
  }
}
