import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../graphql/context.ts';
import { subscriptionsPerClient } from '../graphql/limits.ts';
import { createClaims } from '../graphql/subscription-claims.ts';

type Subscribe = (args: never) => unknown;

/** Counts the subscriptions of every client, whatever they are to and however they came. */
export function useSubscriptionLimit(): Plugin<Context> {
  const claim = createClaims(subscriptionsPerClient);
  let count = 0;
  return {
    onSubscribe({ args, subscribeFn, setSubscribeFn, setResultAndStopExecution }) {
      const leave = claim((args.contextValue as Context).viewer.clientId, String(count++));
      if (!leave) return setResultAndStopExecution({ errors: [tooMany()] });
      const subscribe = subscribeFn as unknown as Subscribe;
      setSubscribeFn(async (given: unknown) => {
        try {
          return await subscribe(given as never);
        } catch (error) {
          leave();
          throw error;
        }
      });
      return {
        onSubscribeResult({ result }) {
          if (typeof result === 'object' && result !== null && Symbol.asyncIterator in result) return { onEnd: leave };
          leave();
          return undefined;
        },
      };
    },
  };
}

function tooMany(): GraphQLError {
  const message = `A client has ${subscriptionsPerClient} subscriptions open at most.`;
  return new GraphQLError(message, { extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } });
}
