import type { LookupAddress, LookupAllOptions } from 'node:dns';
import { lookup, Resolver } from 'node:dns/promises';

export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

type Find = (hostname: string) => Promise<LookupAddress[]>;

export interface ResolutionOptions {
  /** Name servers, as `address:port`. @default the system's */
  servers?: readonly string[];
  /** For a server's first answer; asked again, it has more. @default 2 s */
  timeoutMs?: number;
  /** @default getaddrinfo */
  findBySystem?: Find;
}

const tries = 2;
// Of libuv's four threads, on which files, zlib and crypto wait as well.
const systemLookupsAtOnce = 2;

// Answers of a name server, or none at all: the system will not be kept waiting by it either.
const saidAtOnce = new Set(['ENOTFOUND', 'ENODATA', 'ECONNREFUSED', 'ENOTIMP', 'EREFUSED', 'EFORMERR', 'EBADNAME']);

/**
 * Resolves names by asking the name servers itself, so that one that is silent costs its own names time and nobody else's. What
 * only the system knows (its hosts file, its search domains) is asked of the system, a few names at a time.
 */
export function createNameResolution(options: ResolutionOptions = {}): Resolve {
  const { servers, timeoutMs = 2_000, findBySystem = (hostname) => lookup(hostname, { all: true }) } = options;
  const resolver = new Resolver({ timeout: timeoutMs, tries });
  if (servers) resolver.setServers(servers);
  const askSystem = createQueue(findBySystem, systemLookupsAtOnce);
  const underWay = new Map<string, Promise<LookupAddress[]>>();

  async function askServers(hostname: string): Promise<LookupAddress[]> {
    const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    const found = answers.flatMap((answer, index) =>
      answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family: index === 0 ? 4 : 6 })) : [],
    );
    if (found.length > 0) return found;
    const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
    const slow = failures.find(({ code }: NodeJS.ErrnoException) => !saidAtOnce.has(code ?? ''));
    if (slow) throw slow;
    return await askSystem(hostname);
  }

  function find(hostname: string): Promise<LookupAddress[]> {
    const known = underWay.get(hostname);
    if (known) return known;
    const found = (hostname.includes('.') ? askServers(hostname) : askSystem(hostname)).finally(() =>
      underWay.delete(hostname),
    );
    underWay.set(hostname, found);
    return found;
  }

  return (hostname, { family }, callback) => {
    find(hostname).then(
      (found) => callback(null, family ? found.filter((each) => each.family === family) : found),
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
}

function createQueue(find: Find, atOnce: number): Find {
  const waiting: (() => void)[] = [];
  let runningCount = 0;
  return async (hostname) => {
    if (runningCount < atOnce) runningCount++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await find(hostname);
    } finally {
      // The place goes over to the next, if there is one.
      const next = waiting.shift();
      if (next) next();
      else runningCount--;
    }
  };
}
