import { setTimeout as wait } from 'node:timers/promises';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../graphql/context.ts';
import type { EventFanOut, RunInTurn } from '../graphql/event-fan-out.ts';
import type { ProcessorBudget } from './processor-budget.ts';
import { costInMs } from './processor-prices.ts';

/** Subscriptions to events share what is executed, where they can; after the other plugins have looked at the operation. */
export function useEventFanOut(fanOut: EventFanOut): Plugin<Context> {
  return {
    onSubscribe({ args, subscribeFn, setSubscribeFn }) {
      setSubscribeFn((given) => fanOut.subscribe(given, args.contextValue) ?? subscribeFn(given));
    },
  };
}

/** An event is executed when its client has time left, and is charged to it: whoever owes some gets its events later. */
export function executeWithin(budget: ProcessorBudget): RunInTurn {
  return async (clientId, work, sizeOf) => {
    for (let seconds = budget.waitSeconds(clientId); seconds !== null; seconds = budget.waitSeconds(clientId)) {
      await wait(seconds * 1000, undefined, { ref: false });
    }
    const result = await budget.run(clientId, work);
    budget.charge(clientId, costInMs(sizeOf(result)));
    return result;
  };
}
