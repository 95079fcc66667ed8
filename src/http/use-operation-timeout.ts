import type { ServerResponse } from 'node:http';
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../graphql/context.ts';

/** Runs `work` so that the signal stops what it has begun in the stores as well. */
export type RunCancellable = <T>(signal: TreeSignal, work: () => T) => T;

export interface OperationTimeoutOptions {
  /** How long a query or mutation may take. */
  limitMs: number;
  /** Null: the stores cannot be interrupted. */
  runCancellable: RunCancellable | null;
}

type Execute = (args: ExecutionArgs & { signal: TreeSignal }) => PromiseLike<ExecutionResult> | ExecutionResult;

/**
 * Ends a query or mutation that takes too long, or whose caller has left: no resolver is started any more, what is still
 * running is not waited for, and after the time the statements that it waits for are cancelled in the database. What a
 * mutation has committed by then stays.
 */
export function useOperationTimeout({ limitMs, runCancellable }: OperationTimeoutOptions): Plugin<Context> {
  return {
    onExecute({ executeFn, setExecuteFn }) {
      const execute = executeFn as unknown as Execute;
      setExecuteFn((args: ExecutionArgs) => {
        const tree = new TreeSignal();
        const statements = runCancellable && new TreeSignal();
        const work = () => execute({ ...args, signal: tree });
        const result = runCancellable && statements ? runCancellable(statements, work) : work();
        if (!isPromise(result)) return result;
        return endInTime(result, { tree, statements, limitMs, response: responseOf(args) });
      });
    },
  };
}

interface Ends {
  tree: TreeSignal;
  statements: TreeSignal | null;
  limitMs: number;
  response: ServerResponse | undefined;
}

function endInTime(
  result: PromiseLike<ExecutionResult>,
  { tree, statements, limitMs, response }: Ends,
): Promise<ExecutionResult> {
  return new Promise((resolve, reject) => {
    // A mutation that hangs does not look at the signal itself.
    const end = (error: GraphQLError) => {
      tree.abort(error);
      resolve({ errors: [error] });
    };
    // Statements go on when a caller leaves: one may be shared with another request that asked for the same just then.
    const leave = () => end(callerLeft());
    const timer = setTimeout(() => {
      const error = timedOut(limitMs);
      end(error);
      statements?.abort(error);
    }, limitMs);
    timer.unref();
    const settle = () => {
      clearTimeout(timer);
      response?.off('close', leave);
    };
    response?.once('close', leave);
    result.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error) => {
        settle();
        reject(error);
      },
    );
  });
}

function timedOut(limitMs: number): GraphQLError {
  const message = `The operation took longer than ${limitMs / 1000} s and was ended. Ask for less at once.`;
  return new GraphQLError(message, { extensions: { code: 'OPERATION_TIMED_OUT', http: { status: 504 } } });
}

// Nobody reads it; the metrics count it.
function callerLeft(): GraphQLError {
  return new GraphQLError('The caller has left.', { extensions: { code: 'CALLER_LEFT', http: { status: 499 } } });
}

function responseOf({ contextValue }: ExecutionArgs): ServerResponse | undefined {
  return (contextValue as { res?: ServerResponse }).res;
}

function isPromise(result: PromiseLike<ExecutionResult> | ExecutionResult): result is PromiseLike<ExecutionResult> {
  return typeof (result as PromiseLike<ExecutionResult>).then === 'function';
}

/**
 * What the executor and the stores use of an AbortSignal. Node's own costs a small query a third of its time.
 */
export class TreeSignal {
  reason: unknown;
  readonly #listeners = new Set<() => void>();

  get aborted(): boolean {
    return this.reason !== undefined;
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  abort(reason: Error): void {
    if (this.aborted) return;
    this.reason = reason;
    for (const listener of this.#listeners) listener();
  }
}
