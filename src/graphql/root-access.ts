import { GraphQLError, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import type { Context, Viewer } from './context.ts';
import { recordRefusedAccess } from './refused-access.ts';

/**
 * Root fields that show nothing of a client's users and their banks: for every key. What is only the operator's asks for that scope
 * itself. Every other field needs CLIENT, or for reading CLIENT_READ.
 */
const openFields: ReadonlySet<string> = new Set([
  'Query.auditLog',
  'Query.banks',
  'Query.client',
  'Query.clients',
  'Query.currentSynchronizationCycle',
  'Query.eventTypes',
  'Query.nextSynchronizationCycleAt',
  // They look at the kind of each id.
  'Query.node',
  'Query.nodes',
  'Query.synchronizationCycles',
  'Query.viewer',
  'Mutation.createApiKey',
  'Mutation.createClient',
  'Mutation.renameClient',
  'Mutation.revokeApiKey',
  'Mutation.rotateApiKey',
  'Mutation.runSynchronizationCycle',
]);

type Resolver = GraphQLFieldResolver<unknown, Context>;

/** Has every root field refuse a key whose scopes do not reach it, before anything else of the field is done. */
export function guardRootFields(schema: GraphQLSchema): GraphQLSchema {
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      const name = `${type?.name}.${field.name}`;
      if (openFields.has(name)) continue;
      const isAllowed = type === schema.getMutationType() ? mayAct : mayRead;
      const guard =
        (resolve: Resolver): Resolver =>
        (root, args, context, info) => {
          if (!isAllowed(context.viewer)) throw refuse(context, name);
          return resolve(root, args, context, info);
        };
      if (field.subscribe) field.subscribe = guard(field.subscribe as Resolver);
      if (field.resolve) field.resolve = guard(field.resolve as Resolver);
    }
  }
  return schema;
}

/** Whether the key may read what is the client's. */
export function mayRead({ scopes }: Pick<Viewer, 'scopes'>): boolean {
  return scopes.includes('CLIENT') || scopes.includes('CLIENT_READ');
}

/** Whether the key may do what its client may. */
export function mayAct({ scopes }: Pick<Viewer, 'scopes'>): boolean {
  return scopes.includes('CLIENT');
}

/** Throws for a key that may only read. */
export function assertMayAct(context: Context, field: string): void {
  if (!mayAct(context.viewer)) throw refuse(context, field);
}

/** Records the refusal; that of a mutation is recorded with its outcome. */
export function refuse(context: Context, field: string): GraphQLError {
  if (!field.startsWith('Mutation.')) recordRefusedAccess(context, field);
  const scope = field.startsWith('Mutation.') || mayRead(context.viewer) ? 'CLIENT' : 'CLIENT or CLIENT_READ';
  return new GraphQLError(`This needs a key with the ${scope} scope.`, {
    extensions: { code: 'FORBIDDEN', http: { status: 403 } },
  });
}
