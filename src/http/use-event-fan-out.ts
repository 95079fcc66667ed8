import type { Plugin } from 'graphql-yoga';
import type { Context } from '../graphql/context.ts';
import type { EventFanOut } from '../graphql/event-fan-out.ts';

/** Subscriptions to events share what is executed, where they can; after the other plugins have looked at the operation. */
export function useEventFanOut(fanOut: EventFanOut): Plugin<Context> {
  return {
    onSubscribe({ args, subscribeFn, setSubscribeFn }) {
      setSubscribeFn((given) => fanOut.subscribe(given, args.contextValue) ?? subscribeFn(given));
    },
  };
}
