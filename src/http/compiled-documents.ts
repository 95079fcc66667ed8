import type { DocumentNode } from 'graphql';
import type { CompiledQuery } from 'graphql-jit';

/** Generated code is some hundred times as long as its document, and takes up to a megabyte: this many take 150 at the very worst. */
const mostDocuments = 100;
const mostCharacters = 100_000;

export interface CompiledDocument {
  run: CompiledQuery['query'];
  /** How many runs are left to the executor before the compiled code is tried again. */
  rest: number;
}

/** The compiled documents that were used last. */
export interface CompiledDocuments {
  get(document: DocumentNode): CompiledDocument | undefined;
  /** Lets go of those that were used longest ago until the rest is within bounds. */
  set(document: DocumentNode, compiled: CompiledDocument): void;
}

export interface CompiledDocumentsOptions {
  /** Told of each document that is let go of. */
  onDropped?: (document: DocumentNode) => void;
  /** @default 100 */
  documents?: number;
  /** Of all of them together. @default 100_000 */
  characters?: number;
}

export function createCompiledDocuments({
  onDropped,
  documents: mostHeld = mostDocuments,
  characters: mostHeldCharacters = mostCharacters,
}: CompiledDocumentsOptions = {}): CompiledDocuments {
  const held = new Map<DocumentNode, CompiledDocument>();
  let characters = 0;
  return {
    get(document) {
      const compiled = held.get(document);
      if (!compiled) return undefined;
      // A map keeps the order of insertion: the first one is the one that was used longest ago.
      held.delete(document);
      held.set(document, compiled);
      return compiled;
    },
    set(document, compiled) {
      if (!held.has(document)) characters += lengthOf(document);
      held.set(document, compiled);
      for (const oldest of held.keys()) {
        if (held.size <= mostHeld && characters <= mostHeldCharacters) break;
        held.delete(oldest);
        characters -= lengthOf(oldest);
        onDropped?.(oldest);
      }
    },
  };
}

function lengthOf({ loc }: DocumentNode): number {
  return loc?.end ?? 0;
}
