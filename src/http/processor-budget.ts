/** What the operations of a client may take of a process's time, so that those of others are answered meanwhile. */
export interface ProcessorBudget {
  /** The seconds until the client has time left again; null: it has some. */
  waitSeconds(clientId: string): number | null;
  /** Takes milliseconds of the processor's time, so that the client may owe some; a negative number gives some back. */
  charge(clientId: string, ms: number): void;
  /** Runs the work when few enough of the client's run, in the order in which it came. */
  run<T>(clientId: string, work: () => Promise<T>): Promise<T>;
}

export interface ProcessorBudgetOptions {
  /** Of a process's time that one client may take, from 0 to 1. Null: no limit. */
  share: number | null;
  /** How long a client that has been quiet may take that share at once. @default 10 */
  savedSeconds?: number;
  /** Operations of one client that run at once. @default 16 */
  running?: number;
  /** Milliseconds from any beginning. @default performance.now */
  now?: () => number;
}

interface Account {
  /** Milliseconds left; below zero: owed. */
  balance: number;
  at: number;
  running: number;
  waiting: (() => void)[];
}

/** A token bucket per client, filled with milliseconds of the process's time, and a queue per client. */
export function createProcessorBudget({
  share,
  savedSeconds = 10,
  running: mostRunning = 16,
  now = () => performance.now(),
}: ProcessorBudgetOptions): ProcessorBudget {
  const accounts = new Map<string, Account>();
  const most = (share ?? 0) * savedSeconds * 1000;

  function find(clientId: string): Account {
    const at = now();
    const known = accounts.get(clientId);
    if (!known) {
      const account = { balance: most, at, running: 0, waiting: [] };
      accounts.set(clientId, account);
      return account;
    }
    known.balance = Math.min(most, known.balance + (at - known.at) * (share ?? 0));
    known.at = at;
    return known;
  }

  function leave(account: Account): void {
    const next = account.waiting.shift();
    if (!next) account.running--;
    // In a turn of its own: what others have sent meanwhile comes first.
    else setImmediate(next);
  }

  return {
    waitSeconds(clientId) {
      if (share === null) return null;
      const { balance } = find(clientId);
      return balance > 0 ? null : Math.max(1, Math.ceil(-balance / share / 1000));
    },
    charge(clientId, ms) {
      if (share === null) return;
      const account = find(clientId);
      // Who owes as much as can be saved has been stopped long enough.
      account.balance = Math.max(-most, Math.min(most, account.balance - ms));
    },
    async run(clientId, work) {
      const account = find(clientId);
      if (account.running < mostRunning) account.running++;
      else await new Promise<void>((resolve) => account.waiting.push(resolve));
      try {
        return await work();
      } finally {
        leave(account);
      }
    },
  };
}
