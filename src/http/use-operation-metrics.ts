import { getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../graphql/context.ts';
import type { Metrics } from './metrics.ts';

/** Counts and times operations by kind: names are the callers' own, and without end. */
export function useOperationMetrics(metrics: Metrics): Plugin<Context> {
  const finish = (kind: string, startedAt: number, result: unknown) => {
    const outcome = hasErrors(result) ? 'error' : 'ok';
    metrics.operationFinished({ kind, outcome, seconds: (performance.now() - startedAt) / 1000 });
  };
  return {
    onExecute({ args }) {
      const startedAt = performance.now();
      const kind = getOperationAST(args.document, args.operationName)?.operation ?? 'query';
      return { onExecuteDone: ({ result }) => finish(kind, startedAt, result) };
    },
    onSubscribe() {
      const startedAt = performance.now();
      return { onSubscribeResult: ({ result }) => finish('subscription', startedAt, result) };
    },
  };
}

function hasErrors(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'errors' in result && Array.isArray(result.errors);
}
