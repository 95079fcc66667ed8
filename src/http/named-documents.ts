import { createHash } from 'node:crypto';
import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations';
import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { TrustedDocuments } from '../config/trusted-documents-file.ts';
import type { Context } from '../graphql/context.ts';

export interface NamedDocuments {
  /** Nothing but trusted documents is run: the short way to an answer, which takes texts, is closed. */
  readonly only: boolean;
  /** For requests over HTTP. */
  readonly plugin: Plugin<Context>;
  /** The text of an operation that came over a socket. Throws a GraphQLError where there is none that may be run. */
  textOf(operation: RequestedDocument): string;
}

export interface RequestedDocument {
  query?: string | null | undefined;
  extensions?: Record<string, unknown> | null | undefined;
}

const keptDocuments = 500;
const keptCharacters = 16 * 1024;

/**
 * Documents that clients name rather than send: the operator's by their ids; and, unless nothing else is to be run, those that a client
 * has sent once with their SHA-256 ("automatic persisted queries"), until they are forgotten, when it is asked to send them again.
 */
export function createNamedDocuments(trusted: TrustedDocuments, only: boolean): NamedDocuments {
  const kept = new Map<string, string>();

  function find(id: string): string | null {
    return trusted.get(id) ?? kept.get(id) ?? null;
  }

  function keep({ query, extensions }: RequestedDocument): void {
    const id = idOf(extensions);
    if (only || typeof query !== 'string' || id === null || query.length > keptCharacters) return;
    if (createHash('sha256').update(query).digest('hex') !== id) throw refusals.otherHash();
    kept.delete(id);
    kept.set(id, query);
    const [oldest] = kept.keys();
    if (kept.size > keptDocuments && oldest !== undefined) kept.delete(oldest);
  }

  const named = usePersistedOperations<Context>({
    allowArbitraryOperations: !only,
    getPersistedOperation: find,
    customErrors: {
      notFound: refusals.notFound,
      persistedQueryOnly: refusals.notTrusted,
    },
  });
  return {
    only,
    plugin: {
      ...named,
      onParams(payload) {
        const requested = payload.params as RequestedDocument;
        // Neither a text nor a name: yoga tells what is missing, or what is there in its place.
        if (!requested.query && idOf(requested.extensions) === null) return;
        keep(requested);
        return named.onParams?.(payload as never);
      },
    } as Plugin<Context>,
    textOf(operation) {
      if (operation.query) {
        if (only) throw refusals.notTrusted();
        keep(operation);
        return operation.query;
      }
      const id = idOf(operation.extensions);
      if (id === null) throw refusals.nothing();
      const found = find(id);
      if (found === null) throw refusals.notFound();
      return found;
    },
  };
}

function idOf(extensions: RequestedDocument['extensions']): string | null {
  const named = extensions?.persistedQuery as { version?: unknown; sha256Hash?: unknown } | null | undefined;
  return named?.version === 1 && typeof named.sha256Hash === 'string' ? named.sha256Hash : null;
}

const refusals = {
  // Apollo Client sends the text along when it reads these very words.
  notFound: () =>
    new GraphQLError('PersistedQueryNotFound', {
      extensions: { code: 'PERSISTED_QUERY_NOT_FOUND', http: { status: 200 } },
    }),
  notTrusted: () =>
    new GraphQLError('Only documents that the operator trusts are run here: name one by `extensions.persistedQuery`.', {
      extensions: { code: 'DOCUMENT_NOT_TRUSTED', http: { status: 403 } },
    }),
  otherHash: () =>
    new GraphQLError('`sha256Hash` is not the SHA-256 of `query`.', {
      extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } },
    }),
  nothing: () =>
    new GraphQLError('Must provide query string.', {
      extensions: { code: 'BAD_REQUEST' },
    }),
};
