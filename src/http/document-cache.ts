import type { DocumentNode } from 'graphql';

/** Longer documents than people write are parsed and checked each time: kept, they would fill the memory. */
const cachedCharacters = 16 * 1024;
const cachedDocuments = 500;

/** What yoga keeps of documents that it has parsed and found valid. */
export interface DocumentCache {
  get(text: string): DocumentNode | undefined;
  set(text: string, document: DocumentNode): void;
}

/** Holds the documents that were used last. */
export function createDocumentCache(): DocumentCache {
  const documents = new Map<string, DocumentNode>();
  return {
    get: (text) => {
      const document = documents.get(text);
      if (!document) return undefined;
      // A map keeps the order of insertion: the first one is the one that was used longest ago.
      documents.delete(text);
      documents.set(text, document);
      return document;
    },
    set: (text, document) => {
      if (text.length > cachedCharacters) return;
      documents.set(text, document);
      const [oldest] = documents.keys();
      if (documents.size > cachedDocuments && oldest !== undefined) documents.delete(oldest);
    },
  };
}
