import type { ServerResponse } from 'node:http';
import { openRequestsPerClient } from '../graphql/limits.ts';

/** Counts the requests of each client that have come and have not been answered, with a body half sent or waiting for their turn. */
export interface OpenRequests {
  /** False: the client has too many. Else this one is counted until its answer has ended. */
  enter(clientId: string, response: ServerResponse): boolean;
}

export function createOpenRequests(most: number = openRequestsPerClient): OpenRequests {
  const open = new Map<string, number>();
  return {
    enter: (clientId, response) => {
      const count = open.get(clientId) ?? 0;
      if (count >= most) return false;
      open.set(clientId, count + 1);
      response.once('close', () => {
        const left = (open.get(clientId) ?? 1) - 1;
        if (left > 0) open.set(clientId, left);
        else open.delete(clientId);
      });
      return true;
    },
  };
}
