import { chainHash } from './audit-entry.ts';
import type { AuditStore, Chain } from './audit-store.ts';

/** Where a chain is broken: the first entry that is changed, missing, or out of its place. */
export interface ChainFault {
  chainId: string;
  sequence: bigint;
}

const pageSize = 1_000;

/** Follows every chain from its beginning, which retention may have moved, to its end; null for one that is whole. */
export async function* verifyChains(store: AuditStore): AsyncGenerator<ChainFault | null> {
  for (const chain of await store.listChains()) yield await findFault(store, chain);
}

async function findFault(store: AuditStore, chain: Chain): Promise<ChainFault | null> {
  let { removedSequence: sequence, removedHash: hash } = chain;
  const faultAt = (place: bigint): ChainFault => ({ chainId: chain.id, sequence: place });
  for (;;) {
    const entries = await store.read(chain.id, sequence, pageSize);
    for (const entry of entries) {
      hash = chainHash(hash, entry.content);
      sequence += 1n;
      if (entry.sequence !== sequence || entry.hash !== hash) return faultAt(sequence);
    }
    if (entries.length > 0) continue;
    // Read behind the last entry: whatever was appended meanwhile is among those that have been followed.
    const end = await store.findChain(chain.id);
    if (end?.sequence === sequence) return end.hash === hash ? null : faultAt(sequence);
    if (!end || end.sequence < sequence) return faultAt((end?.sequence ?? 0n) + 1n);
    if ((await store.read(chain.id, sequence, 1)).length === 0) return faultAt(sequence + 1n);
  }
}
